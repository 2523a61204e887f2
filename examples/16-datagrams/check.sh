#!/usr/bin/env bash
# check.sh BIN: both servers answer, and the one that is closed refuses.
set -euo pipefail

expected='the callbacks answered: the callbacks
the coroutine answered: the coroutine
the closed one refuses: nobody listens there'
said=$(timeout 20 "$1/examples/16-datagrams")
[ "$said" = "$expected" ] || { echo "it said: $said"; exit 1; }
