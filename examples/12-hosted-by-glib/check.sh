#!/usr/bin/env bash
# check.sh BIN: both loops get their turns, and stopping torc ends GLib's.
set -euo pipefail

program=$1/examples/12-hosted-by-glib
[ -x "$program" ] || { echo "it was not built: GLib is not installed"; exit 77; }
said=$(timeout 20 "$program")
for i in 1 2 3; do
  grep -qx "torc: the echo of message $i" <<<"$said" || { echo "no echo of message $i in: $said"; exit 1; }
done
ticks=$(grep -cx 'GLib: tick' <<<"$said")
[ "$ticks" -ge 2 ] || { echo "GLib's timer ran $ticks times: $said"; exit 1; }
[ "$(tail -n 1 <<<"$said")" = "torc has stopped" ] || { echo "it ended otherwise: $said"; exit 1; }
