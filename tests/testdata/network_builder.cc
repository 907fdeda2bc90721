#include "tests/testdata/network_builder.h"

#include <array>
#include <cmath>

namespace lips::testdata {
namespace {

constexpr float kNormEpsilon = 1e-5F;

Dims WithBatch(int64_t batch, Dims dims) {
  dims.insert(dims.begin(), batch);
  return dims;
}

using Ints = std::vector<int64_t>;

}  // namespace

NetworkBuilder::NetworkBuilder(std::string name, const Spelling& spelling)
    : name_(std::move(name)), spelling_(spelling), graph_(spelling.opset) {}

ValueId NetworkBuilder::Input(const std::string& name, Dims dims_without_batch) {
  return graph_.Input(name, WithBatch(spelling_.batch, std::move(dims_without_batch)));
}

ValueId NetworkBuilder::Weights(const std::string& name, Dims dims, std::span<const float> values) {
  return graph_.Constant(name, Tensor::Of<float>(std::move(dims), values));
}

ValueId NetworkBuilder::Conv(const ConvLayer& layer, ValueId x) {
  ValueId y = kNoValue;
  if (layer.normalised && !spelling_.fold_batch_norm) {
    y = UnfoldedConv(layer, x);
  } else {
    const ValueId weight =
        Weights(layer.name + ".weight", {layer.out, layer.in, layer.kernel, layer.kernel}, layer.weight);
    const ValueId bias = Weights(layer.name + ".bias", {layer.out}, layer.bias);
    y = AddConv(layer, {x, weight, bias});
  }
  return layer.relu ? Relu(y) : y;
}

ValueId NetworkBuilder::AddConv(const ConvLayer& layer, std::vector<ValueId> inputs) {
  return graph_.Add("Conv", std::move(inputs),
                    {{"dilations", Ints{1, 1}},
                     {"group", int64_t{layer.groups}},
                     {"kernel_shape", Ints{layer.kernel, layer.kernel}},
                     {"pads", Ints(4, layer.pad)},
                     {"strides", Ints{layer.stride_y, layer.stride_x}}},
                    layer.name);
}

ValueId NetworkBuilder::UnfoldedConv(const ConvLayer& layer, ValueId x) {
  // The normalisation divides by the deviation and multiplies by the gain, so the weights carry the inverse.
  std::vector<float> weight = layer.weight;
  std::vector<float> gain, variance, mean, own_bias, shift;
  const size_t per_channel = weight.size() / static_cast<size_t>(layer.out);
  for (size_t o = 0; o < static_cast<size_t>(layer.out); ++o) {
    gain.push_back(statistics_.Uniform(0.5F, 1.5F));
    variance.push_back(statistics_.Uniform(0.25F, 4.0F));
    mean.push_back(statistics_.Uniform(-0.2F, 0.2F));
    own_bias.push_back(layer.biased ? statistics_.Uniform(-0.1F, 0.1F) : 0.0F);
    const float deviation = std::sqrt(variance[o] + kNormEpsilon);
    shift.push_back(layer.bias[o] + gain[o] * (mean[o] - own_bias[o]) / deviation);
    for (size_t k = 0; k < per_channel; ++k) weight[o * per_channel + k] *= deviation / gain[o];
  }
  std::vector<ValueId> inputs = {
      x, Weights(layer.name + ".weight", {layer.out, layer.in, layer.kernel, layer.kernel}, weight)};
  if (layer.biased) inputs.push_back(Weights(layer.name + ".bias", {layer.out}, own_bias));
  const ValueId y = AddConv(layer, std::move(inputs));
  const std::string norm = layer.name + "/norm";
  return graph_.Add(
      "BatchNormalization",
      {y, Weights(norm + ".weight", {layer.out}, gain), Weights(norm + ".bias", {layer.out}, shift),
       Weights(norm + ".running_mean", {layer.out}, mean), Weights(norm + ".running_var", {layer.out}, variance)},
      {{"epsilon", kNormEpsilon}}, norm);
}

ValueId NetworkBuilder::Block(const InvertedResidual& block, ValueId x) {
  const ValueId y = Conv(block.project, Conv(block.depthwise, Conv(block.expand, x)));
  return block.residual ? Add(x, y) : y;
}

ValueId NetworkBuilder::Block(const DoubleBlock& block, ValueId x) {
  return Block(block.second, Block(block.first, x));
}

ValueId NetworkBuilder::Add(ValueId a, ValueId b) { return graph_.Add("Add", {a, b}); }

ValueId NetworkBuilder::Relu(ValueId x) { return graph_.Add("Relu", {x}); }

ValueId NetworkBuilder::Sigmoid(ValueId x) { return graph_.Add("Sigmoid", {x}); }

ValueId NetworkBuilder::ConcatChannels(ValueId a, ValueId b) {
  return graph_.Add("Concat", {a, b}, {{"axis", int64_t{1}}});
}

ValueId NetworkBuilder::UpsampleTwice(ValueId x) {
  // The region of interest became optional with opset 13.
  const ValueId region = spelling_.opset < 13 ? graph_.Floats({}) : kNoValue;
  return graph_.Add(
      "Resize", {x, region, graph_.Floats({1, 1, 2, 2})},
      {{"coordinate_transformation_mode", std::string("align_corners")}, {"mode", std::string("linear")}});
}

ValueId NetworkBuilder::FlattenRows(ValueId x) { return graph_.Add("Flatten", {x}, {{"axis", int64_t{1}}}); }

void NetworkBuilder::Output(const std::string& name, ValueId x, Dims dims_without_batch) {
  graph_.Output(x, name, WithBatch(spelling_.batch, std::move(dims_without_batch)));
}

Graph NetworkBuilder::Finish() && {
  Graph graph = std::move(graph_).Finish();
  graph.name = name_;
  return graph;
}

}  // namespace lips::testdata
