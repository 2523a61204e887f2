#!/usr/bin/env bash
# Installs into an empty prefix and builds the consumer against it, by find_package and by pkg-config.
set -euo pipefail
source_dir=$1 build_dir=$2

command -v pkg-config >/dev/null || { echo "pkg-config is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build_dir/CMakeCache.txt")
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build_dir/CMakeCache.txt")

runs() {
  local said
  said=$("$1")
  [ "$said" = "torc $version" ] || { echo "$1 said '$said', not 'torc $version'"; exit 1; }
}

cmake --install "$build_dir" --prefix "$work/prefix" >/dev/null

cmake -G Ninja -S "$source_dir/tests/install/consumer" -B "$work/by_cmake" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/by_cmake"
runs "$work/by_cmake/consumer"

pc_dir=$(dirname "$(find "$work/prefix" -name torc.pc)")
flags=$(PKG_CONFIG_PATH=$pc_dir pkg-config --cflags --libs torc)
# shellcheck disable=SC2086  # the flags are words
"$compiler" -std=c++23 "$source_dir/tests/install/consumer/main.cpp" -o "$work/by_pkg_config" $flags
runs "$work/by_pkg_config"
