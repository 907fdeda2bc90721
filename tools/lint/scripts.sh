#!/bin/sh
# Shell scripts pass shellcheck, Python scripts parse.
# usage: scripts.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"

list() {
  find . \( -path ./build -o -path ./out -o -path ./third_party -o -path ./.cache -o -path ./.git \) -prune \
    -o -type f "$@" -print
}
{
  list -name '*.sh'
  list ! -name '*.*' | xargs grep -lE '^#!/.*sh$'
} | sort -u | xargs shellcheck
list -name '*.py' | xargs python3 -c 'import ast, sys; [ast.parse(open(p).read(), p) for p in sys.argv[1:]]'
