#!/bin/sh
# Puts ONNX Runtime (CPU, Linux x86-64) into FOLDER as include/, lib/ and share/licenses/.
#
#   tools/fetch_onnxruntime.sh FOLDER
#
# Debian has no package of it and its makers publish none on npm, so this takes the copy inside a third party's package,
# pinned by sha512. Nothing of the package is executed, and FOLDER appears complete or not at all. To use another copy,
# skip this script and set ONNXRUNTIME_ROOT.
set -eu

folder=${1:?usage: fetch_onnxruntime.sh FOLDER}
package=com.github.asus4.onnxruntime
version=0.4.9
runtime=1.29.0
integrity='sha512-BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg=='
stamp="$folder/.fetched-$package-$version"

fail() {
  echo "fetch_onnxruntime: $*" >&2
  exit 1
}

[ -e "$stamp" ] && exit 0
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) ;;
  *) fail "the pinned package holds Linux x86-64 only; set ONNXRUNTIME_ROOT to your own copy of ONNX Runtime" ;;
esac
command -v npm >/dev/null || fail "npm is missing (apt-get install npm), or set ONNXRUNTIME_ROOT to a copy you have"
command -v openssl >/dev/null || fail "openssl is missing (apt-get install openssl)"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX") # beside the target, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

(cd "$work" && npm pack --silent --ignore-scripts "$package@$version" >/dev/null) ||
  fail "npm could not download $package@$version"
archive="$work/$package-$version.tgz"
[ -f "$archive" ] || fail "npm did not write $package-$version.tgz"
found="sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)"
[ "$found" = "$integrity" ] || fail "checksum of $package@$version is $found, expected $integrity"

headers='package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'
tar -xzf "$archive" -C "$work" "$headers" package/Plugins/Linux/x64 package/LICENSE package/ThirdPartyNotices.txt
stage="$work/stage"
mkdir -p "$stage/include" "$stage/lib" "$stage/share/licenses/onnxruntime"
cp "$work/$headers"/*.h "$stage/include/"
cp "$work/package/Plugins/Linux/x64/libonnxruntime.so" "$stage/lib/libonnxruntime.so.$runtime"
ln -s "libonnxruntime.so.$runtime" "$stage/lib/libonnxruntime.so.1"
ln -s libonnxruntime.so.1 "$stage/lib/libonnxruntime.so"
cp "$work/package/LICENSE" "$work/package/ThirdPartyNotices.txt" "$stage/share/licenses/onnxruntime/"
touch "$stage/$(basename "$stamp")"
chmod 755 "$stage"
rm -rf "$folder"
mv "$stage" "$folder"
