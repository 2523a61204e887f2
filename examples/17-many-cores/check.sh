#!/usr/bin/env bash
# check.sh BIN: clients are spread evenly, and the one that asks for it moves to where the fewest are.
set -euo pipefail

expected='the page comes from reactor 0
open 3 3 2 (13 % above the mean), accepted 3 3 2 (13 % above the mean)
open 3 1 2 (50 % above the mean), accepted 3 3 2 (13 % above the mean)
moved: on 1, and go on'
said=$(timeout 20 "$1/examples/17-many-cores")
[ "$said" = "$expected" ] || { echo "it said: $said"; exit 1; }
