#!/usr/bin/env bash
# check.sh BIN: every message comes back both ways, and both rates are told.
set -euo pipefail

said=$(timeout 50 "$1/examples/10-tasklets" 2000)
for way in channel Deferred; do
  grep -qE "^over a $way +[1-9][0-9]* messages/s$" <<<"$said" || { printf 'no rate over a %s:\n%s\n' "$way" "$said"; exit 1; }
done
[ "$(wc -l <<<"$said")" = 2 ] || { printf 'it said more:\n%s\n' "$said"; exit 1; }
