#!/usr/bin/env bash
# check.sh BIN: ten thousand of each fit, a fiber in two pages and a coroutine in less than a kibibyte.
set -euo pipefail

said=$(timeout 50 "$1/examples/11-ten-thousand-tasks")
awk '
  $2 == "threads" && $3 > 0 { threads = 1 }
  /no .*threads are allowed|no more are allowed/ { threads = 1 }
  $1 == 10000 && $2 == "fibers" && $3 > 0 && $3 <= 8.5 { fibers = 1 }
  $1 == 10000 && $2 == "coroutines" && $3 > 0 && $3 < 1 { coroutines = 1 }
  END { exit !(threads && fibers && coroutines) }' <<<"$said" || { printf 'not as it should be:\n%s\n' "$said"; exit 1; }
