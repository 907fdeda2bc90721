// How Resize, Slice and Pad map axes: their operands, resolved against a shape.
#pragma once

#include <vector>

#include "model/operands.h"

namespace lips {

// One axis of a Resize or Upsample. `scale` is what coordinates are computed with: the factor given, or out / in when
// sizes were given.
struct ResizeAxis {
  int64_t in = 0;
  int64_t out = 0;
  float scale = 1.0f;
};

// One entry per axis of input 0. Source: ONNX Resize-11/13 (inputs X, roi, scales, sizes) and Upsample-9 (X, scales).
// Errors: kUnsupported (tf_crop_and_resize; sizes only the run would tell), kCorrupted.
Result<std::vector<ResizeAxis>> ResolveResize(const Operands& operands);

// Output element o of an axis is input element start + o * step, 0 <= o < count. `step` may be negative.
struct SliceAxis {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};

// One entry per axis of input 0, axes not sliced included. Source: ONNX Slice-11/13.
Result<std::vector<SliceAxis>> ResolveSlice(const Operands& operands);

// Elements added before and after an axis; negative ones are removed instead.
struct PadAxis {
  int64_t begin = 0;
  int64_t end = 0;
};

// One entry per axis of input 0. Source: ONNX Pad-11/13. Errors: kCorrupted, also when the result would be negative or
// when reflect asks for more than the input has.
Result<std::vector<PadAxis>> ResolvePad(const Operands& operands);

}  // namespace lips
