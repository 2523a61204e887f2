#!/usr/bin/env bash
# check.sh BIN: values come back as they were sent, whatever is in them, and the limits hold.
set -euo pipefail

. "$(dirname "$0")/../start_server.sh"
start_server "$1/examples/15-line-server" 0
port=$(sed -nE 's/^serving on 127.0.0.1:([0-9]+)$/\1/p' "$work/said")
[ -n "$port" ] || { echo "it said: $(cat "$work/said")"; exit 1; }

# What the server answers to standard input.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  cat >&3
  timeout 20 cat <&3
  exec 3<&-
}
expect() { [ "$2" = "$1" ] || { echo "expected: $1"; echo "said: $2"; exit 1; }; }

expect $'ok\n3\nrednone' "$(printf 'set colour 3\nredget colour\r\nget size\nquit\n' | ask)"
expect $'ok\n12\nset a 1\nquit' "$(printf 'set odd 12\nset a 1\nquitget odd\nquit\n' | ask | head -c 18)"
expect $'error: a line has at most 200 bytes\nerror: set KEY LENGTH, get KEY or quit' \
  "$({ head -c 5000 /dev/zero | tr '\0' x; printf '\nhello\nquit\n'; } | ask)"
expect 'error: a value has 0 to 65536 bytes' "$(printf 'set big 65537\nquit\n' | ask)"

head -c 65536 /dev/urandom >"$work/sent"
{ printf 'set big 65536\n'; cat "$work/sent"; printf 'get big\nquit\n'; } | ask | tail -c 65536 >"$work/received"
cmp "$work/sent" "$work/received" || { echo "a value came back changed"; exit 1; }

end_server
