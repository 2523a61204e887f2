#!/usr/bin/env bash
# check.sh BIN: each program says what it should, and the example says why two did not.
set -euo pipefail

said=$(cd ../site && timeout 20 "$1/examples/14-run-programs" about.html no-such-file data/big.txt 2>&1)
expected="$(cd ../site && wc -l about.html)
wc: no-such-file: No such file or directory
$(cd ../site && wc -l data/big.txt)
apple
pear
echo \$((6 * 7)): 42
cd /usr && pwd: /usr
the shell exited with status 0
\"sleep\" timed out after 100 ms and was stopped
cannot run \"/no/such/program\": No such file or directory"
[ "$said" = "$expected" ] || { printf 'it said:\n%s\nnot:\n%s\n' "$said" "$expected"; exit 1; }
