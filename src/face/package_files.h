// The parts of a package as files in a folder under construction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "avatar/geometry.h"
#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"
#include "face/capture.h"

namespace lips {

struct PackagePictures {
  Path folder;
  Path full;  // the full frames' name in it
  std::span<const Rect> rects;
  std::span<const FrameFacts> facts;
  FaceGeometry face;
  std::function<void(int64_t done, int64_t total)> progress;
  const StopFlag* stop = nullptr;
};
// Crops, ROIs and masked ROIs as videos, and preview.png, from the package's own full frames.
Status WritePackagePictures(const PackagePictures& pictures);

// landmarks/{i}.lms: integers, truncated as readers would; frames without a face get points between their neighbours'.
Status WriteLandmarkFiles(const Path& folder, std::span<const FrameFacts> facts);

struct CreatedFacts {
  std::string name;
  std::string full;  // the full frames' file
  int width = 0, height = 0;
  bool has_generator = false;
  bool resting = false;  // MouthRests
  Dims audio_dims;       // of the generator's audio input
  FaceGeometry face;
};
// cache/crop_rectangles.json, cache/frame_metadata.json, dataset_manifest.json, package_info.json.
Status WritePackageJson(const Path& folder, std::span<const Rect> rects, const CreatedFacts& facts);

}  // namespace lips
