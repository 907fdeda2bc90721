// A Conv whose weights are known, read and resolved for the passes.
#pragma once

#include <optional>
#include <vector>

#include "model/edit.h"
#include "model/operands.h"
#include "model/window.h"

namespace lips {

// Views into a GraphEdit; valid until it changes.
struct Convolution {
  ValueId input = kNoValue;
  ValueId output = kNoValue;
  const Tensor* weights = nullptr;  // [filters, channels per group, kernel...], f32 or f64
  const Tensor* bias = nullptr;     // [filters], f32 or f64; nullptr: none
  int64_t group = 1;
  std::vector<WindowAxis> axes;  // auto_pad resolved

  int64_t filters() const { return weights->dims()[0]; }
  int64_t channels() const { return weights->dims()[1] * group; }
  // One by one without padding, stride or groups: a matrix product at every pixel.
  bool IsPointwise() const;
  // One filter per channel.
  bool IsDepthwise() const { return group == filters() && weights->dims()[1] == 1; }
};

// Node `n` as a convolution of f32 with constant weights and bias over a known shape; nothing when it is not one.
std::optional<Convolution> ReadConvolution(const GraphEdit& edit, int n);

// The same for whichever node makes `id`.
std::optional<Convolution> ConvolutionOf(const GraphEdit& edit, ValueId id);

// The elements of a tensor of f32 or f64.
std::vector<double> DoublesOf(const Tensor& tensor);

// All six attributes of a Conv of that window: kernel_shape, strides, dilations, pads, group.
void SetWindow(Node& node, const std::vector<WindowAxis>& axes, int64_t group);

// An operand's shapes and elements in the form that the Resolve functions take.
struct KnownOperands {
  KnownOperands(const GraphEdit& edit, const Node& node);
  Operands view() const { return {node, opset, dims, known}; }

  const Node& node;
  int opset;
  std::vector<Dims> dims;
  std::vector<const Tensor*> known;
};

// The elements of a constant with one number per channel (or one for all) that broadcasts to `dims`, seen as
// [N, C, ...], without widening it: dims[1] values. Nothing when `id` is no such f32 constant.
std::optional<std::vector<float>> ChannelConstant(const GraphEdit& edit, ValueId id, const Dims& dims);

}  // namespace lips
