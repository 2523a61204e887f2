#!/usr/bin/env bash
# A browser opens examples/site as torc serves it, runs its script, and shows what that fetched.
set -uo pipefail
source_dir=$1 build_dir=$2

browser=$(command -v chromium || command -v chromium-browser) || { echo "chromium is not installed"; exit 77; }
torc=$build_dir/bin/torc
[ -x "$torc" ] || { echo "$torc is not built"; exit 1; }

work=$(mktemp -d)
server=
cleanup() {
  [ -n "$server" ] && kill -KILL "$server" 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

: >"$work/err"
"$torc" web --listen tcp:0:address=127.0.0.1 --path "$source_dir/examples/site" >"$work/log" 2>"$work/err" &
server=$!
for _ in $(seq 100); do
  url=$(sed -n 's/^serving .* on \(http:[^ ]*\).*/\1/p' "$work/err")
  [ -n "$url" ] && break
  sleep 0.05
done
[ -n "$url" ] || { echo "torc web did not start: $(cat "$work/err")"; exit 1; }

# dump <url>: the page after its scripts have run.
dump() {
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir="$work/profile" --virtual-time-budget=5000 --dump-dom "$1" \
    2>"$work/browser"
}
page=$(dump "$url")
grep -q 'id="ready"' <<<"$page" || { echo "the page is not ready:"; echo "$page"; tail -5 "$work/browser"; exit 1; }
listing=$(dump "${url}css/")
grep -q 'style.css' <<<"$listing" || { echo "the listing is not shown: $listing"; exit 1; }

for path in / /css/style.css /js/app.js /img/logo.svg /data/hello.json; do
  grep -q "\"GET $path HTTP/1.1\" 200" "$work/log" || { echo "the browser did not get $path:"; cat "$work/log"; exit 1; }
done
kill -TERM "$server"
wait "$server" || { echo "torc web ended with status $?: $(cat "$work/err")"; exit 1; }
server=
echo "the page is ready"
