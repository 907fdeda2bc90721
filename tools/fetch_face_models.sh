#!/bin/sh
# Puts the networks that find faces and their landmarks (MediaPipe's, Apache-2.0) into FOLDER.
#
#   tools/fetch_face_models.sh FOLDER
#
# They come out of two packages of the npm registry, pinned by checksum. Nothing of the packages is executed, and FOLDER
# appears complete or not at all.
set -eu

folder=${1:?usage: fetch_face_models.sh FOLDER}
detection=@mediapipe/face_detection@0.4.1657300184
mesh=@mediapipe/face_mesh@0.4.1657299874
stamp="$folder/.fetched-0.4.1657300184-0.4.1657299874"

fail() {
  echo "fetch_face_models: $*" >&2
  exit 1
}

# verify FILE SHA256
verify() {
  found=$(sha256sum "$1" | cut -c1-64)
  [ "$found" = "$2" ] || fail "checksum of $(basename "$1") is $found, expected $2"
}

# fetch PACKAGE ARCHIVE
fetch() {
  (cd "$work" && npm pack --silent --ignore-scripts "$1" >/dev/null) || fail "npm could not download $1"
  [ -f "$work/$2" ] || fail "npm did not write $2"
  mkdir "$work/${2%.tgz}"
  tar -xzf "$work/$2" -C "$work/${2%.tgz}"
}

[ -e "$stamp" ] && exit 0
command -v npm >/dev/null || fail "npm is missing (apt-get install npm)"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX") # beside the target, so that the last step is a rename
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fetch "$detection" mediapipe-face_detection-0.4.1657300184.tgz
fetch "$mesh" mediapipe-face_mesh-0.4.1657299874.tgz
stage="$work/stage"
mkdir "$stage"
cp "$work/mediapipe-face_detection-0.4.1657300184/package/face_detection_short_range.tflite" \
  "$work/mediapipe-face_detection-0.4.1657300184/package/face_detection_full_range.tflite" "$stage/"
verify "$stage/face_detection_short_range.tflite" 3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633
verify "$stage/face_detection_full_range.tflite" 99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3

# The mesh is one of several files packed one after the other.
packed="$work/mediapipe-face_mesh-0.4.1657299874/package/face_mesh_solution_packed_assets.data"
verify "$packed" dbe5905c582c0462cdaea17e7e6ecea92edaa8cccc515c5e2e7291f2cbb5fb99
tail -c +2495953 "$packed" | head -c 1241896 >"$stage/face_landmark.tflite"
verify "$stage/face_landmark.tflite" c603fa6149219a3e9487dc9abd7a0c24474c77263273d24868378cdf40aa26d1

touch "$stage/$(basename "$stamp")"
chmod 755 "$stage"
chmod 644 "$stage"/*.tflite
rm -rf "$folder"
mv "$stage" "$folder"
