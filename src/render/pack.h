// Packing: an avatar's folder, and what a network computes of its frames, become one file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"
#include "engine/generator.h"

namespace lips {

struct PackRequest {
  Path avatar;       // a folder
  Path output;       // NAME.lips
  std::string date;  // written into the pack; equal requests with equal dates give equal bytes
  Rectangles rectangles = Rectangles::kSmooth;  // templates are of faces cut out so: as natural compositing does
  std::optional<TemplateLevel> templates;       // also every frame's template, of this level, of ...
  GeneratorOptions engine;                      // ... this engine, for which the network is packed too
  std::function<void(int64_t done, int64_t total)> progress;  // frames; from the calling thread
  const StopFlag* stop = nullptr;
};

struct PackReport {
  int64_t bytes = 0;
  int64_t network_bytes = 0;  // of the network packed for the CPU engine; 0 when there is none
  int64_t templates = 0;
  int64_t template_bytes = 0;
  std::string engine;  // of the templates
};

// The pack appears complete or not at all. Errors: those of opening the avatar; kInvalidInput when it is a pack already
// or the output lies in its folder; kUnsupported when the engine's templates cannot be stored; kIo.
Result<PackReport> PackAvatar(const PackRequest& request);

}  // namespace lips
