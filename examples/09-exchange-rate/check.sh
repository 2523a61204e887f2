#!/usr/bin/env bash
# check.sh BIN: the blocking server answers with a rate that moves.
set -euo pipefail
command -v curl >/dev/null || { echo "skipped: curl is not installed"; exit 77; }

. "$(dirname "$0")/../start_server.sh"
start_server "$1/examples/09-exchange-rate" 0
address=$(sed -n 's/^serving on //p' "$work/said")
[ -n "$address" ] || { echo "it said: $(cat "$work/said")"; exit 1; }

rate() { curl -sS --max-time 20 "http://$address/" | sed -n 's/^1 EUR = \([0-9.]*\) XYZ$/\1/p'; }
first=$(rate)
[ -n "$first" ] || { echo "it gave no rate"; exit 1; }
for _ in {1..100}; do
  later=$(rate)
  [ "$later" != "$first" ] && exit 0
  sleep 0.05
done
echo "the rate stays $first"
exit 1
