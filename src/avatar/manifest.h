// The JSON files that describe a package: names, counts, declared hashes. Never trusted, only compared and shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "image/key_colour.h"

namespace lips {

// cache/frame_metadata.json. Absent or ill-typed members stay empty; paths in it are stale and ignored.
struct FrameMetadata {
  std::optional<int64_t> processed_frames;
  std::optional<int64_t> width;  // of `original_shape`, which is [width, height]
  std::optional<int64_t> height;
  std::optional<int64_t> frame_indices;  // how many are listed
};

// package_info.json and dataset_manifest.json, which share their members.
struct PackageManifest {
  struct Video {
    std::string role;  // "full_body_img", "crops_328", "rois_320", "model_inputs"
    std::string file;  // inside the package; empty when absent or not a plain relative name
    std::optional<int64_t> frames;
    std::optional<double> fps;  // in [1, 240]
  };
  std::string dataset_name;  // empty when absent
  std::string package_version;
  std::vector<Video> videos;
  std::string onnx_file;         // inside the package, as Video::file
  std::optional<KeyColour> key;  // "key": the screen's colour, where there is one
  bool resting = false;          // "resting": the mouth is at rest in every frame

  const Video* Find(std::string_view role) const;
};

// A file a package declares to contain, with its SHA-256 when it gives one (64 lower-case digits, else empty).
struct DeclaredFile {
  std::string file;  // relative, stays inside the package
  std::string sha256;
};

// {"colour": "#00ff00", "tolerance": 0.3, "softness": 0.5, "spill": 1}; all but the colour may be absent. Errors:
// kCorrupted.
Result<KeyColour> KeyColourFromJson(const Json& json);
Json ToJson(const KeyColour& key);

// Each is one complete JSON document. Errors: kCorrupted (no JSON, not an object, a negative count).
Result<FrameMetadata> ParseFrameMetadata(std::string_view json);
Result<PackageManifest> ParsePackageManifest(std::string_view json);

// onnx_dist_config.json has no fixed shape: every object that names a `.onnx` file counts, with the hash beside it
// ({"file": "generator.onnx", "sha256": "..."}, {"generator": "generator.onnx", "generator_sha256": "..."} or
// {"generator.onnx": "..."}). Errors: as above, and kResourceLimit above 1000 files.
Result<std::vector<DeclaredFile>> ParseOnnxDistConfig(std::string_view json);

}  // namespace lips
