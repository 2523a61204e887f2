#!/usr/bin/env bash
# check.sh BIN: fetches pages from torc web, and one that is not there to be fetched.
set -euo pipefail

work=$(mktemp -d)
server=
trap '{ kill -KILL "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$work"' EXIT
: >"$work/said"  # to be read before the server has opened it
"$1/torc" web --quiet --listen tcp:0:address=127.0.0.1 --path ../site 2>"$work/said" &
server=$!
url=
for _ in {1..100}; do
  url=$(sed -n 's/^serving .* on \(http:[^ ]*\).*/\1/p' "$work/said")
  [ -z "$url" ] || break
  sleep 0.05
done
[ -n "$url" ] || { echo "torc web did not start: $(cat "$work/said")"; exit 1; }

expect() {
  [ "$2" = "$3" ] || { echo "$1: '$2', not '$3'"; exit 1; }
}
said=$(timeout 20 "$1/examples/02-fetch-pages" "${url}about.html" "${url}data/big.txt" "$url")
expect "three pages" "$said" "${url}about.html: $(stat -c %s ../site/about.html) bytes
${url}data/big.txt: $(stat -c %s ../site/data/big.txt) bytes
$url: $(stat -c %s ../site/index.html) bytes"

status=0
timeout 20 "$1/examples/02-fetch-pages" "$url" http://127.0.0.1:1/ >"$work/pages" 2>"$work/said" || status=$?
expect "an address where nobody listens: status" "$status" 1
expect "and pages" "$(cat "$work/pages")" ""
grep -q '^fetching http://127.0.0.1:1/: cannot connect to 127.0.0.1:1: Connection refused' "$work/said" ||
  { echo "it said: $(cat "$work/said")"; exit 1; }
