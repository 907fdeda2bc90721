// Where the windows of convolutions and pools lie: kernel, stride, dilation and padding, resolved against a shape.
#pragma once

#include <vector>

#include "model/operands.h"

namespace lips {

// One spatial axis. Window `o` covers input positions o * stride - pad_begin + k * dilation for 0 <= k < kernel; those
// outside [0, in) are padding. Of a transposed convolution: input `i` adds to output positions
// i * stride - pad_begin + k * dilation; those outside [0, out) are dropped.
struct WindowAxis {
  int64_t in = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;
  int64_t out = 0;
};

// The spatial axes (dims 2 and on) of a Conv or a pool, auto_pad and ceil_mode resolved. `kernel` is the spatial part
// of the weights for Conv, of kernel_shape for pools.
// Source: ONNX operator sets 11 to 17; with ceil_mode a window that would start in the end padding is left out, as
// PyTorch and ONNX Runtime do. Errors: kCorrupted (attributes of the wrong length or range, window larger than input).
Result<std::vector<WindowAxis>> ResolveWindow(const Node& node, const Dims& input, const Dims& kernel);

// The same for a ConvTranspose, output_padding and output_shape included.
Result<std::vector<WindowAxis>> ResolveTransposedWindow(const Node& node, const Dims& input, const Dims& kernel);

}  // namespace lips
