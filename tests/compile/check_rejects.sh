#!/usr/bin/env bash
# check_rejects.sh SOURCE_DIR BUILD_DIR: what torc promises to refuse at compile time is refused, with a reason.
#
# Each file here is compiled twice. As it stands it must pass without a warning. With -DREFUSED it must fail, and the
# text behind its `// refused:` must stand in the first ten lines of what the compiler has to say. Of a lambda that would
# dangle (capturing_*, self_*) it has no more to say than these ten.
set -euo pipefail
source_dir=$1 build_dir=$2

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
"$compiler" --version | grep -q clang || { echo "skipped: the messages are clang's"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c++23 -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers
  -I"$source_dir/include" -I"$build_dir/include")

# The headers are read once for all.
printf '#include <torc/torc.hpp>\n#include <torc/http/router.hpp>\n' >"$work/all.hpp"
"$compiler" "${flags[@]}" -x c++-header "$work/all.hpp" -o "$work/all.pch"

failed=0 count=0
problem() { echo "$@"; failed=1; }
for file in "$source_dir"/tests/compile/*.cpp; do
  name=$(basename "$file" .cpp)
  reason=$(sed -n 's,^// refused: ,,p' "$file")
  [ -n "$reason" ] || { problem "$name: has no line '// refused: ...'"; continue; }
  compile=("$compiler" "${flags[@]}" -include-pch "$work/all.pch" -fsyntax-only "$file")
  if ! "${compile[@]}" 2>"$work/said"; then
    problem "$name: does not compile as it stands:"; cat "$work/said"
  fi
  if "${compile[@]}" -DREFUSED 2>"$work/said"; then
    problem "$name: is not refused"
  elif ! REASON=$reason awk '/^In file included from/ { next } ++line > 10 { exit }
      index($0, ENVIRON["REASON"]) { found = 1; exit } END { exit !found }' "$work/said"; then
    problem "$name: '$reason' does not stand in the first ten lines:"; cat "$work/said"
  fi
  case $name in
    capturing_* | self_*)
      lines=$(grep -vc '^In file included from' "$work/said" || true)
      [ "$lines" -le 10 ] || { problem "$name: the message has $lines lines:"; cat "$work/said"; }
      ;;
  esac
  count=$((count + 1))
done
[ "$count" -gt 0 ] || problem "no file to check"
[ "$failed" = 0 ] && echo "$count files are refused as they should be"
exit "$failed"
