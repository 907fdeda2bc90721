// One output frame through everything, each intermediate kept: the way to see where a picture goes wrong.
#pragma once

#include <vector>

#include "avatar/template_order.h"
#include "base/file.h"
#include "base/result.h"
#include "render/job.h"

namespace lips {

struct SingleFrameRequest {
  JobRequest job;
  int64_t frame = 0;  // output frame, at the template's frame rate
  int64_t start_frame = 0;
  Loop loop = Loop::kPingPong;
  Path folder;  // created
};

// Writes 1_template.png, 2_crop.png, 3_roi.png, 4_masked.png, 5_window.npy, 6_input.npy ([1,6,S,S]), 7_mouth.png,
// 8_canvas.png (the crop with the mouth in it), 9_frame.png, and frame.json (indices, rectangle, hashes). Returns their
// paths. Errors: those of every part.
Result<std::vector<Path>> RenderSingleFrame(const SingleFrameRequest& request);

}  // namespace lips
