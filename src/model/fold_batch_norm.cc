#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include "model/convolution.h"
#include "model/passes.h"

namespace lips {
namespace {

// Convolutions over fewer channels stand where networks begin (or end), and weigh nothing.
constexpr int64_t kManyChannels = 16;

// y = scale * x + shift, per channel.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

std::optional<Affine> AffineOfBatchNorm(const GraphEdit& edit, const Node& node, const Dims& dims) {
  if (node.inputs.size() != 5 || node.Int("training_mode", 0) != 0) return std::nullopt;
  for (size_t k = 1; k < node.outputs.size(); ++k) {
    if (node.outputs[k] != kNoValue) return std::nullopt;
  }
  std::vector<std::span<const float>> of_channel;  // scale, bias, mean, variance
  for (size_t k = 1; k < 5; ++k) {
    const Tensor* tensor = edit.Constant(node.inputs[k]);
    if (tensor == nullptr || tensor->dtype() != DType::kF32 || tensor->dims() != Dims{dims[1]}) return std::nullopt;
    of_channel.push_back(tensor->As<float>());
  }
  const double epsilon = node.Float("epsilon", 1e-5f);
  Affine affine;
  for (size_t c = 0; c < of_channel[0].size(); ++c) {
    const double scale = of_channel[0][c] / std::sqrt(of_channel[3][c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(of_channel[1][c] - of_channel[2][c] * scale);
  }
  return affine;
}

// Of a sum, difference, product or quotient of `value` and numbers per channel.
std::optional<Affine> AffineOfArithmetic(const GraphEdit& edit, const Node& node, ValueId value, const Dims& dims) {
  if (node.inputs.size() != 2) return std::nullopt;
  const bool value_first = node.inputs[0] == value;
  const auto numbers = ChannelConstant(edit, node.inputs[value_first ? 1 : 0], dims);
  if (!numbers) return std::nullopt;
  const bool swapped = !value_first && (node.op == "Sub" || node.op == "Div");
  Affine affine = {std::vector<double>(numbers->size(), 1), std::vector<double>(numbers->size(), 0)};
  for (size_t c = 0; c < numbers->size(); ++c) {
    const double number = (*numbers)[c];
    if (node.op == "Add") {
      affine.shift[c] = number;
    } else if (node.op == "Sub") {
      affine.shift[c] = swapped ? number : -number;
      affine.scale[c] = swapped ? -1 : 1;
    } else if (node.op == "Mul") {
      affine.scale[c] = number;
    } else if (node.op == "Div" && !swapped && number != 0) {
      affine.scale[c] = 1 / number;
    } else {
      return std::nullopt;
    }
  }
  return affine;
}

// `tensor`, of f32 or f64, as T.
template <typename T>
Tensor Converted(const Tensor& tensor) {
  if constexpr (std::is_same_v<T, double>) return Tensor::Of<double>(tensor.dims(), DoublesOf(tensor));
  return ToF32(tensor);
}

// Node `n` makes a convolution again, of weights and bias that include `affine`, as T.
template <typename T>
void Fold(GraphEdit& edit, size_t n, const Convolution& conv, const Affine& affine) {
  Tensor weights = Converted<T>(*conv.weights);
  const size_t filters = affine.scale.size();
  const std::vector<double> old_bias = conv.bias != nullptr ? DoublesOf(*conv.bias) : std::vector<double>(filters);
  Tensor bias(DTypeOf<T>::kValue, {conv.filters()});
  const auto to_weights = weights.As<T>(), to_bias = bias.As<T>();
  const size_t per_filter = to_weights.size() / filters;
  for (size_t c = 0; c < filters; ++c) {
    to_bias[c] = static_cast<T>(old_bias[c] * affine.scale[c] + affine.shift[c]);
    for (T& w : to_weights.subspan(c * per_filter, per_filter)) w = static_cast<T>(w * affine.scale[c]);
  }
  const auto maker = static_cast<size_t>(edit.Maker(conv.output));
  const ValueId made = edit.node(n).outputs[0];
  Node node = edit.node(maker).Clone();
  node.inputs = {conv.input, edit.AddConstant(std::move(weights), made, "weight"),
                 edit.AddConstant(std::move(bias), made, "bias")};
  edit.Replace(n, std::move(node));
}

}  // namespace

Graph FoldBatchNorm(Graph graph) {
  GraphEdit edit(std::move(graph));
  // In the order of the run, so that what was folded is folded further.
  for (size_t n = 0; n < edit.node_count(); ++n) {
    const Node& node = edit.node(n);
    const bool is_norm = node.op == "BatchNormalization";
    if (!is_norm && node.op != "Add" && node.op != "Sub" && node.op != "Mul" && node.op != "Div") continue;
    if (node.outputs[0] == kNoValue) continue;
    for (const ValueId id : node.inputs) {
      const auto conv = ConvolutionOf(edit, id);
      if (!conv || edit.SoleReader(id) != static_cast<int>(n)) continue;
      const Dims& dims = edit.DimsOf(id);
      if (edit.DimsOf(node.outputs[0]) != dims) continue;
      const auto affine = is_norm ? AffineOfBatchNorm(edit, node, dims) : AffineOfArithmetic(edit, node, id, dims);
      if (!affine) continue;
      conv->channels() < kManyChannels ? Fold<double>(edit, n, *conv, *affine) : Fold<float>(edit, n, *conv, *affine);
      break;
    }
  }
  return std::move(edit).Finish();
}

}  // namespace lips
