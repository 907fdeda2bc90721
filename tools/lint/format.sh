#!/bin/sh
# Every C++ file is as clang-format 14 writes it; `./dev format` does that.
# usage: format.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"

find . \( -path ./build -o -path ./out -o -path ./third_party -o -path ./.cache \) -prune \
  -o -type f \( -name '*.h' -o -name '*.cc' \) -print0 | xargs -0 clang-format-14 --dry-run -Werror
