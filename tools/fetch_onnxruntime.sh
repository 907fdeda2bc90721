#!/bin/sh
# Puts ONNX Runtime (Linux x86-64) into FOLDER as include/, lib/ and share/licenses/.
#
#   tools/fetch_onnxruntime.sh [--gpu] FOLDER
#
# With --gpu it is the build that knows NVIDIA's devices, with its CUDA and TensorRT providers (300 MB to download).
# Those need CUDA 13, cuDNN 9 and, for TensorRT, TensorRT 10 of the machine; none of that is fetched here.
#
# Debian has no package of it and its makers publish none with headers on npm, so this takes the copies inside two third
# parties' packages and its makers' own one for Node.js, all pinned by sha512. Nothing of the packages is executed, and
# FOLDER appears complete or not at all. To use another copy, skip this script and set ONNXRUNTIME_ROOT.
set -eu

flavour=cpu
if [ "${1:-}" = --gpu ]; then
  flavour=gpu
  shift
fi
folder=${1:?usage: fetch_onnxruntime.sh [--gpu] FOLDER}
package=com.github.asus4.onnxruntime
version=0.4.9
runtime=1.29.0
stamp="$folder/.fetched-$package-$version"
[ "$flavour" = cpu ] || stamp="$stamp-$flavour"

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

# fetch PACKAGE VERSION INTEGRITY PATH...: those paths of the package come to $work/PACKAGE/.
fetch() {
  name=$1
  archive="$work/$1-$2.tgz"
  (cd "$work" && npm pack --silent --ignore-scripts "$1@$2" >/dev/null) || fail "npm could not download $1@$2"
  [ -f "$archive" ] || fail "npm did not write $1-$2.tgz"
  found="sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)"
  [ "$found" = "$3" ] || fail "checksum of $1@$2 is $found, expected $3"
  shift 3
  mkdir "$work/$name"
  tar -xzf "$archive" -C "$work/$name" --strip-components=1 "$@"
  rm "$archive"
}

libraries=package/Plugins/Linux/x64
headers='package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers'
fetch "$package" "$version" \
  'sha512-BkzxduSZ9IkeDP6Q8lz2TFU2ie7hSSvS7ZIfzMooExoq0CNzJnuuGaUJ7IsojBgqO4ouD1jXah8OYyJbCN29Fg==' \
  "$headers" "$libraries" package/LICENSE package/ThirdPartyNotices.txt
core="$work/$package/${libraries#*/}/libonnxruntime.so"
stage="$work/stage"
mkdir -p "$stage/include" "$stage/lib" "$stage/share/licenses/onnxruntime"
if [ "$flavour" = gpu ]; then
  # The providers fit the core of the makers' own package, not the one above, which was built without CUDA.
  fetch onnxruntime-node "$runtime" \
    'sha512-WjiVVB72riILz8HbYvxvmjKyE/WmkYoSfKY++axo5jAR609HQg8MwiG/HhShpTcJfmmAdzxxmB+MMST3A+SiPA==' \
    package/bin/napi-v6/linux/x64/libonnxruntime.so.1
  core="$work/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1"
  fetch "$package.linux-x64-gpu" "$version" \
    'sha512-FopIhNE/Ng+v2X65wVc9clPCBCvhvA53Hxo2U0Kf5fGdVsC7iCA+mZ0KLWggcQAj7TIZ6pNidR4AC10g74Xo6w==' "$libraries"
  mv "$work/$package.linux-x64-gpu/${libraries#*/}"/libonnxruntime_providers_*.so "$stage/lib/"
fi
mv "$core" "$stage/lib/libonnxruntime.so.$runtime"
ln -s "libonnxruntime.so.$runtime" "$stage/lib/libonnxruntime.so.1"
ln -s libonnxruntime.so.1 "$stage/lib/libonnxruntime.so"
cp "$work/$package/${headers#*/}"/*.h "$stage/include/"
cp "$work/$package/LICENSE" "$work/$package/ThirdPartyNotices.txt" "$stage/share/licenses/onnxruntime/"
touch "$stage/$(basename "$stamp")"
chmod 755 "$stage" "$stage"/lib/*.so*
rm -rf "$folder"
mv "$stage" "$folder"
