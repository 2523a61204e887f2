#!/usr/bin/env bash
# check.sh BIN: it says what is done in a folder, and ends with it.
set -euo pipefail

bin=$(realpath "$1")
work=$(mktemp -d)
watcher=
trap '{ kill -KILL "$watcher" && wait "$watcher"; } 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work/in/old"
(cd "$work" && exec "$bin/examples/13-watch-folder" in) >"$work/said" &
watcher=$!

# Until it has said so many lines.
said() {
  for _ in {1..200}; do
    [ "$(wc -l <"$work/said")" -ge "$1" ] && return
    sleep 0.05
  done
  printf 'it said only:\n%s\n' "$(cat "$work/said")"
  exit 1
}

said 1
printf 'hello' >"$work/in/old/letter"
said 3
mv "$work/in/old" "$work/in/new"
rm "$work/in/new/letter"
said 5
rmdir "$work/in/new"
rmdir "$work/in"
said 7
wait "$watcher"

expected='watching 2 folders
created in/old/letter
closed in/old/letter: 5 bytes
renamed in/old to in/new/
deleted in/new/letter
deleted in/new/
gone in'
[ "$(cat "$work/said")" = "$expected" ] || { printf 'it said:\n%s\n' "$(cat "$work/said")"; exit 1; }
