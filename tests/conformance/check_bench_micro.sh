#!/usr/bin/env bash
# `bench/run.py micro --quick` runs every program that is built and prints a figure for every row and program.
# check_bench_micro.sh SOURCE BUILD; skipped where the benchmarks are not built.
set -euo pipefail

source_dir=$1 bin=$2/bin/bench
fail() { echo "$*" >&2; exit 1; }
[ -x "$bin/micro_torc" ] && [ -x "$bin/micro_limit" ] || { echo "the benchmarks are not built"; exit 77; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$source_dir/bench/run.py" micro --quick --build "$2" >"$out/tables" 2>"$out/progress" || {
  cat "$out/progress" >&2
  fail "bench/run.py micro --quick failed"
}

# Each row of torc's, with its nanoseconds and its allocations; a share of them beside a limit and judged.
number='[0-9,]+(\.[0-9]+)?'
rows=$("$bin/micro_torc" --rows | grep -cv '_base$')
figures=$(sed '/^Beside the best peer/,$d' "$out/tables" | grep -cE "^[a-z].* +$number +$number( |$)")
[ "$figures" -eq "$rows" ] || fail "$figures of $rows rows have figures:" "$(cat "$out/tables")"
judged=$(grep -cE '<= .*(met|missed)' "$out/tables")
[ "$judged" -ge 10 ] || fail "only $judged rows are judged:" "$(cat "$out/tables")"

# Every peer that is built has a column.
while read -r program title; do
  [ ! -x "$bin/micro_$program" ] || sed -n '/^All peers/,$p' "$out/tables" | grep -qF "$title" ||
    fail "no column for $title:" "$(cat "$out/tables")"
done <<'PEERS'
kj KJ
asio Asio
boost_fiber Boost.Fiber
libuv libuv
libev libev
libevent libevent
go Go
PEERS

# A row or a count that a program does not know is refused.
for arguments in "no_such_row 4000" "fire_three 1" "fire_three"; do
  status=0
  "$bin/micro_torc" $arguments >/dev/null 2>&1 || status=$?
  [ "$status" -eq 2 ] || fail "micro_torc $arguments: status $status"
done
