#!/usr/bin/env bash
# check.sh BIN: starts the example on a port the system picks, asks it everything, and ends it with SIGTERM.
set -euo pipefail
command -v curl >/dev/null || { echo "skipped: curl is not installed"; exit 77; }

"$1/examples/04-hello-web" tcp:0:address=127.0.0.1 &
server=$!
trap 'kill -KILL "$server" 2>/dev/null || true' EXIT

# The program does not say which port it got; the kernel does: the listening socket (state 0A) among its descriptors.
listening_port() {
  local inodes
  inodes=$(readlink /proc/"$server"/fd/* 2>/dev/null | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p')
  awk -v inodes="$inodes" 'BEGIN { split(inodes, list); for (i in list) mine[list[i]] = 1 }
    $4 == "0A" && ($10 in mine) { sub(/.*:/, "", $2); print $2; exit }' /proc/net/tcp
}
port=
for _ in {1..100}; do
  port=$(listening_port)
  [ -z "$port" ] || break
  kill -0 "$server" || { echo "the server ended before it listened"; exit 1; }
  sleep 0.05
done
[ -n "$port" ] || { echo "the server does not listen"; exit 1; }
url=http://127.0.0.1:$((16#$port))

expect() {
  [ "$2" = "$3" ] || { echo "$1 gave '$2', not '$3'"; exit 1; }
}
ask() { curl -sS --max-time 20 "$@"; }

expect /hello "$(ask "$url/hello/world")" "Hello, world"
expect "/hello, escaped" "$(ask "$url/hello/a%20b")" "Hello, a b"
expect /count "$(ask "$url/count" | paste -sd' ')" "1 2 3 4 5"
expect "an unknown path" "$(ask -o /dev/null -w '%{http_code}' "$url/nothing")" 404

# Two wait, and both get what is said. Nobody knows when they have begun to wait, so it is said until both have it.
first=$(mktemp) second=$(mktemp)
trap 'kill -KILL "$server" 2>/dev/null || true; rm -f "$first" "$second"' EXIT
ask "$url/wait" >"$first" & one=$!
ask "$url/wait" >"$second" & two=$!
for _ in {1..100}; do
  ask -d 'good news' "$url/say" >/dev/null
  if ! kill -0 "$one" 2>/dev/null && ! kill -0 "$two" 2>/dev/null; then break; fi
  sleep 0.05
done
wait "$one" "$two"
expect "the first that waits" "$(cat "$first")" "good news"
expect "the second that waits" "$(cat "$second")" "good news"

kill -TERM "$server"
status=0
wait "$server" || status=$?
expect "SIGTERM" "status $status" "status 0"
