#!/usr/bin/env bash
# check.sh BIN: the program says its three lines, in order, and ends.
set -euo pipefail

said=$(timeout 10 "$1/examples/01-hello-reactor" | paste -sd'|')
expected="Starting the reactor|I like turtles|Reactor stopped"
[ "$said" = "$expected" ] || { echo "it said '$said', not '$expected'"; exit 1; }
