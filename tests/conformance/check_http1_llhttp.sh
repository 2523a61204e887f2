#!/bin/bash
# Compares torc's HTTP/1 parsers with llhttp (Debian package node-llhttp); skipped where that is not installed.
#   check_http1_llhttp.sh SOURCE_DIR BUILD_DIR [ROUNDS]
set -eu
source_dir=$1 build_dir=$2/conformance rounds=${3:-100000}
prefix=${LLHTTP_PREFIX:-/usr/share}
if [ ! -f "$prefix/llhttp/llhttp.c" ]; then
  echo "skipped: llhttp is not installed, apt-get install node-llhttp"
  exit 77
fi
mkdir -p "$build_dir"
for part in llhttp api http; do
  clang-19 -O1 -w -DLLHTTP_STRICT_MODE=1 -I"$prefix/include/llhttp" -c "$prefix/llhttp/$part.c" -o "$build_dir/$part.o"
done
sources=$(ls "$source_dir"/src/codec/http1_*.cpp | grep -vE '_(test|bench|fuzz)\.cpp$')
clang++-19 -std=c++23 -O1 -I"$source_dir/include" -I"$source_dir/src" -isystem "$prefix/include/llhttp" \
  "$source_dir/tests/conformance/http1_llhttp.cpp" $sources "$build_dir"/{llhttp,api,http}.o -o "$build_dir/http1_llhttp"
corpus=$source_dir/tests/fuzz/corpus
"$build_dir/http1_llhttp" "$corpus/http1_request" "$corpus/http1_response" "$rounds"
