#include "model/convolution.h"

#include <algorithm>
#include <utility>

namespace lips {
namespace {

// nullptr unless `id` is a constant of f32.
const Tensor* FloatConstant(const GraphEdit& edit, ValueId id) {
  const Tensor* tensor = edit.Constant(id);
  return tensor != nullptr && tensor->dtype() == DType::kF32 ? tensor : nullptr;
}

// The same, or of f64.
const Tensor* RealConstant(const GraphEdit& edit, ValueId id) {
  const Tensor* tensor = edit.Constant(id);
  return tensor != nullptr && (tensor->dtype() == DType::kF32 || tensor->dtype() == DType::kF64) ? tensor : nullptr;
}

}  // namespace

bool Convolution::IsPointwise() const {
  return group == 1 && std::ranges::all_of(axes, [](const WindowAxis& axis) {
           return axis.kernel == 1 && axis.stride == 1 && axis.pad_begin == 0 && axis.pad_end == 0;
         });
}

std::optional<Convolution> ReadConvolution(const GraphEdit& edit, int n) {
  if (n < 0 || edit.IsRemoved(static_cast<size_t>(n))) return std::nullopt;
  const Node& node = edit.node(static_cast<size_t>(n));
  if (node.op != "Conv" || node.inputs.size() < 2 || node.inputs[0] == kNoValue) return std::nullopt;
  if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) return std::nullopt;
  Convolution conv;
  conv.input = node.inputs[0];
  conv.output = node.outputs[0];
  conv.weights = RealConstant(edit, node.inputs[1]);
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  conv.bias = has_bias ? RealConstant(edit, node.inputs[2]) : nullptr;
  conv.group = node.Int("group", 1);
  const Value& input = edit.value(conv.input);
  const Value& output = edit.value(conv.output);
  if (conv.weights == nullptr || (has_bias && conv.bias == nullptr)) return std::nullopt;
  if (!input.has_shape || !output.has_shape || input.dtype != DType::kF32) return std::nullopt;
  const Dims& weights = conv.weights->dims();
  if (conv.weights->size() == 0) return std::nullopt;
  if (input.dims.size() < 3 || weights.size() != input.dims.size() || conv.group < 1) return std::nullopt;
  if (weights[1] * conv.group != input.dims[1] || weights[0] % conv.group != 0) return std::nullopt;
  if (conv.bias != nullptr && conv.bias->size() != weights[0]) return std::nullopt;
  auto axes = ResolveWindow(node, input.dims, Dims(weights.begin() + 2, weights.end()));
  if (!axes.ok()) return std::nullopt;
  conv.axes = std::move(axes).value();
  return conv;
}

std::optional<Convolution> ConvolutionOf(const GraphEdit& edit, ValueId id) {
  return ReadConvolution(edit, edit.Maker(id));
}

std::vector<double> DoublesOf(const Tensor& tensor) {
  const auto copy = [](auto values) { return std::vector<double>(values.begin(), values.end()); };
  return tensor.dtype() == DType::kF64 ? copy(tensor.As<double>()) : copy(tensor.As<float>());
}

void SetWindow(Node& node, const std::vector<WindowAxis>& axes, int64_t group) {
  std::vector<int64_t> kernel, strides, dilations, pads, ends;
  for (const WindowAxis& axis : axes) {
    kernel.push_back(axis.kernel);
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation);
    pads.push_back(axis.pad_begin);
    ends.push_back(axis.pad_end);
  }
  pads.insert(pads.end(), ends.begin(), ends.end());
  node.attributes.erase("auto_pad");
  node.attributes.insert_or_assign("kernel_shape", kernel);
  node.attributes.insert_or_assign("strides", strides);
  node.attributes.insert_or_assign("dilations", dilations);
  node.attributes.insert_or_assign("pads", pads);
  node.attributes.insert_or_assign("group", group);
}

KnownOperands::KnownOperands(const GraphEdit& edit, const Node& of) : node(of), opset(edit.graph().opset) {
  for (const ValueId id : node.inputs) {
    dims.push_back(id == kNoValue ? Dims() : edit.DimsOf(id));
    known.push_back(edit.Constant(id));
  }
}

std::optional<std::vector<float>> ChannelConstant(const GraphEdit& edit, ValueId id, const Dims& dims) {
  const Tensor* tensor = id == kNoValue ? nullptr : FloatConstant(edit, id);
  if (tensor == nullptr || dims.size() < 2 || tensor->dims().size() > dims.size()) return std::nullopt;
  const size_t shift = dims.size() - tensor->dims().size();
  for (size_t i = 0; i < tensor->dims().size(); ++i) {
    const int64_t dim = tensor->dims()[i];
    if (dim != 1 && (i + shift != 1 || dim != dims[1])) return std::nullopt;
  }
  const auto values = tensor->As<float>();
  if (values.size() == 1) return std::vector<float>(static_cast<size_t>(dims[1]), values[0]);
  return std::vector<float>(values.begin(), values.end());
}

}  // namespace lips
