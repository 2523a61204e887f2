#!/usr/bin/env bash
# Installs into an empty prefix, builds the consumers against it by find_package and by pkg-config, and runs them.
set -euo pipefail
source_dir=$1 build_dir=$2

command -v pkg-config >/dev/null || { echo "pkg-config is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
consumer=$source_dir/tests/install/consumer

runs() {
  local said
  said=$(timeout 60 "$1") || { echo "$1 failed with status $? and said '$said'"; exit 1; }
  [ "$said" = "torc $version" ] || { echo "$1 said '$said', not 'torc $version'"; exit 1; }
}

cmake --install "$build_dir" --prefix "$work/prefix" >/dev/null

cmake -G Ninja -S "$consumer" -B "$work/by_cmake" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/by_cmake"
runs "$work/by_cmake/consumer"
runs "$work/by_cmake/consumer_of_core"
with_host=$(find "$work/prefix" -name torc-host_glib.cmake)
[ -z "$with_host" ] || runs "$work/by_cmake/consumer_of_host"

pc_dir=$(dirname "$(find "$work/prefix" -name torc.pc)")
by_pkg_config() {
  local flags
  flags=$(PKG_CONFIG_PATH=$pc_dir pkg-config --cflags --libs "$2")
  # shellcheck disable=SC2086  # the flags are words
  "$compiler" -std=c++23 "$consumer/$1" -o "$work/by_pkg_config" $flags
  runs "$work/by_pkg_config"
}
by_pkg_config main.cpp torc-http
by_pkg_config core.cpp torc
[ -z "$with_host" ] || by_pkg_config host.cpp torc-host_glib
