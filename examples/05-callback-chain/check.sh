#!/usr/bin/env bash
# check.sh BIN: the chain says its four lines and no other.
set -euo pipefail

said=$(timeout 10 "$1/examples/05-callback-chain" 2>&1 | paste -sd'|')
expected="What is love?|Baby don't hurt me|Don't hurt me|No more"
[ "$said" = "$expected" ] || { echo "it said '$said', not '$expected'"; exit 1; }
