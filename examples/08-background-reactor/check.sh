#!/usr/bin/env bash
# check.sh BIN: it says what its server answered, and ends by itself.
set -euo pipefail

expected='200 Hello, one
200 Hello, two
timed out after 100 ms'
said=$(timeout 30 "$1/examples/08-background-reactor")
[ "$said" = "$expected" ] || { printf 'it said:\n%s\n' "$said"; exit 1; }
