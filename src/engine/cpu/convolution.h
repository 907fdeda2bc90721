// Dense convolutions as steps: every pixel's window gathered into a row, then one matrix product.
#pragma once

#include <array>
#include <memory>

#include "engine/cpu/output.h"
#include "engine/cpu/program.h"

namespace lips::cpu {

enum class Activation : uint8_t { kNone, kRelu, kSigmoid };

// act(conv(x) + addend). The matrix's inputs are [kernel height][kernel width][WindowChannels].
struct ConvolutionSpec {
  int key = 0;
  Mode mode = Mode::kF32;
  MapId x = kNoMap, addend = kNoMap, out = kNoMap;
  std::array<int, 2> kernel = {1, 1}, stride = {1, 1}, pad = {0, 0}, dilation = {1, 1};  // height, width; pad: before
  PackedMatrix matrix;
  Activation activation = Activation::kNone;
  std::shared_ptr<const OutputHead> head;  // instead of matrix and activation: `out` takes B, G, R bytes
  MapId windows = kNoMap;  // scratch map [pixels, matrix inputs] for weights too large to read for every pixel block
  double macs = 0;
};

// Channels of `x` that a window holds of each of its pixels: without the padding where that is most of them.
int WindowChannels(const Map& x, Mode mode);

// Whether a convolution wants spec.windows.
bool WantsWindowMap(size_t weight_bytes);

std::unique_ptr<Step> MakeConvolution(ConvolutionSpec spec, std::span<const Map> maps);

}  // namespace lips::cpu
