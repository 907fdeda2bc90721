// The demo's avatar: the drawn person's template video with all that makes it a package.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"

namespace lips::demo {

struct TemplateRequest {
  Path folder;          // created
  double seconds = 12;  // 0.2 .. 3600
  int width = 1280;     // even, 240 .. 3840
  int height = 720;     // even, 240 .. 2160, at most the width
  uint32_t seed = 1;    // other hair, other motion
  int threads = 0;      // 0: one a core
  // Where generator.onnx and audio_encoder.onnx lie. Not told: assets/demo beside or above the program, if there is
  // one.
  std::optional<Path> weights;
  std::function<void(int64_t done, int64_t total)> progress;  // frames; from the calling thread
  const StopFlag* stop = nullptr;
};

struct TemplateReport {
  int64_t frames = 0;
  Path weights;  // where the networks came from; empty: the package has none
};

// Writes a package 2.0 of a person at rest whose video plays around without a seam, 25 fps. Errors: kInvalidInput (a
// size or length out of range; a face that would leave the frame), kIo (also weights that were told and are not there),
// kCancelled.
Result<TemplateReport> WriteTemplatePackage(const TemplateRequest& request);

}  // namespace lips::demo
