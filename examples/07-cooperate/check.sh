#!/usr/bin/env bash
# check.sh BIN: the tasks take turns, and pausing, resuming and stopping do what they say.
set -euo pipefail

said=$(timeout 10 "$1/examples/07-cooperate")
expected='red: 2
blue: 2
red: 1
blue: 1
fast: 3
fast: 2
fast: 1
fast is done, slow was paused at 0
slow: 4
slow: 3
slow: 2
slow: 1
slow is done
endless: the task was stopped
pausing it now: the task was stopped
last: waits
last: goes on
last is done'
[ "$said" = "$expected" ] || { diff <(echo "$expected") <(echo "$said"); exit 1; }
