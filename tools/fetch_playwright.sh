#!/bin/sh
# Puts playwright-core, which drives the browser in the tests of web/, into FOLDER/node_modules.
#
#   tools/fetch_playwright.sh FOLDER
#
# The version and its sha512 are those of tests/web/package-lock.json. Nothing of the package is executed here and no
# browser is downloaded: the tests use Debian's chromium. FOLDER appears complete or not at all.
set -eu

folder=${1:?usage: fetch_playwright.sh FOLDER}
sources=$(dirname "$0")/../tests/web

fail() {
  echo "fetch_playwright: $*" >&2
  exit 1
}

cmp -s "$sources/package-lock.json" "$folder/package-lock.json" && exit 0
command -v npm >/dev/null || fail "npm is missing (apt-get install npm)"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX") # beside the target, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cp "$sources/package.json" "$sources/package-lock.json" "$work/"
(cd "$work" && npm ci --silent --ignore-scripts --no-audit --no-fund >/dev/null) ||
  fail "npm could not install what tests/web/package-lock.json names"
chmod 755 "$work"
rm -rf "$folder"
mv "$work" "$folder"
