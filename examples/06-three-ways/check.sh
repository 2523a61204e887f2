#!/usr/bin/env bash
# check.sh BIN: the three ways fetch the same, and one after another takes the longest by far.
set -euo pipefail

said=$(timeout 30 "$1/examples/06-three-ways")
awk '
  { way = $0; sub(/ +[0-9]+ ms.*/, "", way); sub(/ ms .*/, ""); time[way] = $NF }
  END {
    one = time["one after another"]; threads = time["with threads"]; deferreds = time["with Deferreds"]
    exit !(NR == 3 && one >= 500 && threads >= 100 && deferreds >= 100 && one > 1.5 * threads && one > 1.5 * deferreds)
  }' <<<"$said" || { printf 'these times cannot be:\n%s\n' "$said"; exit 1; }
[ "$(grep -c ' 5 pages, 82 bytes$' <<<"$said")" = 3 ] || { printf 'the pages differ:\n%s\n' "$said"; exit 1; }
