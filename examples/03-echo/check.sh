#!/usr/bin/env bash
# check.sh BIN: all three servers give back what they are sent, and SIGTERM ends them in order.
set -euo pipefail

. "$(dirname "$0")/../start_server.sh"
start_server "$1/examples/03-echo" 0 0 0
read -r callbacks coroutines fibers < <(sed -nE \
  's/^callbacks on 127.0.0.1:([0-9]+), coroutines on 127.0.0.1:([0-9]+), fibers on 127.0.0.1:([0-9]+)$/\1 \2 \3/p' "$work/said") ||
  { echo "it said: $(cat "$work/said")"; exit 1; }

head -c 300000 /dev/urandom >"$work/sent"
for port in "$callbacks" "$coroutines" "$fibers"; do
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  cat "$work/sent" >&3 &
  timeout 20 head -c 300000 <&3 >"$work/received"
  wait $!
  exec 3<&-
  cmp "$work/sent" "$work/received" || { echo "port $port gave something else back"; exit 1; }
done

end_server
