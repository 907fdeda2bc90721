#!/bin/sh
# Every JavaScript file of ours is at least JavaScript: node reads it without running it.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v node >/dev/null; then
  echo "javascript: skipped, node is missing (it comes with npm)"
  exit 0
fi
git ls-files -co --exclude-standard '*.js' '*.mjs' | while read -r file; do
  [ ! -e "$file" ] || node --check "$file" || exit 1
done
echo "javascript: every file parses"
