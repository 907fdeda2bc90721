// Depthwise convolutions that stand alone, outside inverted residuals.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/cpu/compiled_weights.h"
#include "engine/cpu/convolution.h"
#include "engine/cpu/program.h"

namespace lips::cpu {

// act(conv(x) + addend), each channel of `x` becoming `multiplier` neighbouring ones.
struct DepthwiseSpec {
  MapId x = kNoMap, addend = kNoMap, out = kNoMap;
  int multiplier = 1;
  std::array<int, 2> kernel = {3, 3}, stride = {1, 1}, pad = {1, 1}, dilation = {1, 1};  // height, width; pad: before
  std::vector<float> weights;  // [kernel height][kernel width][padded channels of out]
  std::vector<float> bias;     // [padded channels of out]
  Activation activation = Activation::kNone;
  double macs = 0;
};

// Of a FusedConv over `channels` channels with weights of those dims: all but maps and macs. Errors: kUnsupported, the
// rest of a sentence that begins with the node's name.
Result<DepthwiseSpec> ReadDepthwise(const Node& node, const Dims& dims, int channels, CompiledWeights& weights);

std::unique_ptr<Step> MakeDepthwise(DepthwiseSpec spec, std::span<const Map> maps);

}  // namespace lips::cpu
