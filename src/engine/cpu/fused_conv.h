// What the attributes of a FusedConv (model/fused.h) say.
#pragma once

#include "engine/cpu/convolution.h"
#include "model/graph.h"

namespace lips::cpu {

// Kernel, stride, pad and dilation of a `Spec` that has them. Whether they are two-dimensional.
template <typename Spec>
bool ReadWindow(const Node& node, const Dims& weights, Spec& spec) {
  const auto pads = node.Ints("pads", {0, 0, 0, 0});
  const auto strides = node.Ints("strides", {1, 1});
  const auto dilations = node.Ints("dilations", {1, 1});
  if (pads.size() != 4 || strides.size() != 2 || dilations.size() != 2 || weights.size() != 4) return false;
  for (size_t axis = 0; axis < 2; ++axis) {
    spec.kernel[axis] = static_cast<int>(weights[2 + axis]);
    spec.pad[axis] = static_cast<int>(pads[axis]);
    spec.stride[axis] = static_cast<int>(strides[axis]);
    spec.dilation[axis] = static_cast<int>(dilations[axis]);
  }
  return true;
}

inline Activation ReadActivation(const Node& node) {
  const std::string_view activation = node.String("activation", "");
  return activation == "Relu" ? Activation::kRelu : activation == "Sigmoid" ? Activation::kSigmoid : Activation::kNone;
}

}  // namespace lips::cpu
