#!/usr/bin/env bash
# Installs what is missing of the named sets of tools/packages.txt: tools/install_packages.sh build test bench lint
# Does nothing, and asks nothing of the network, when all of it is there.
set -euo pipefail

list=${BASH_SOURCE[0]%/*}/packages.txt
fail() { echo "install_packages: $*" >&2; exit 1; }

known=$(awk '!/^#/ && NF { print $2 }' "$list" | sort -u | paste -sd' ')
[ $# -gt 0 ] || fail "name at least one set of: $known"
for set in "$@"; do
  [[ " $known " == *" $set "* ]] || fail "no set '$set' in tools/packages.txt, which has: $known"
done

wanted=$(awk -v sets=" $* " '!/^#/ && NF && index(sets, " " $2 " ") { print $1 }' "$list")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  fail "this is not a Debian system: install the equivalents of" $wanted "yourself, then call cmake directly"
fi

have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null | awk '$2 == "installed" { print $1 }' || true)
missing=$(comm -23 <(sort <<<"$wanted") <(sort <<<"$have"))
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "run as root: apt-get install --no-install-recommends" $missing
  as_root=sudo
fi

echo "Installing:" $missing
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null; }
apt update && apt install -y --no-install-recommends $missing || {
  cat "$log" >&2
  fail "apt-get failed (see above): make the Debian 12 archive reachable, or install by hand:" $missing
}
