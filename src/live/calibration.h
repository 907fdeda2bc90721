// How fast this machine makes frames: what admission is calculated from.
#pragma once

#include <span>

#include "base/result.h"
#include "composite/composite.h"
#include "engine/generator.h"
#include "live/frame_store.h"

namespace lips {

struct CalibrationRequest {
  CompositeMode composite = CompositeMode::kNatural;
  int threads = 1;    // that paste and encode
  bool once = false;  // only warm up and see that it works
};

// Milliseconds a frame takes in batches of what the engine likes best: network, pasting and a JPEG of the face, the way
// sessions ask for them. `window` is a network input; `face` and `frame` belong together. Errors: those of the parts.
Result<double> CalibrateFrameMs(Generator& generator, const Generator::Template& face, const StoredFrame& frame,
                                std::span<const float> window, const CalibrationRequest& request);

}  // namespace lips
