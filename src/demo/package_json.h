// The JSON files of the packages the demo writes (docs/formats.md, package 2.0).
#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "image/view.h"

namespace lips::demo {

struct PackageFacts {
  std::string name;
  int width = 0;  // of the full frames
  int height = 0;
  bool has_generator = false;  // at checkpoint/model_best.onnx
  bool resting = false;        // the mouth is at rest in every frame
};

// cache/crop_rectangles.json, cache/frame_metadata.json and package_info.json, for 25 fps. Errors: kIo.
Status WritePackageJson(const Path& folder, const PackageFacts& facts, std::span<const Rect> rects);

}  // namespace lips::demo
