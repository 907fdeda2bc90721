#include "engine/cpu/residual_weights.h"

#include "model/fused.h"

namespace lips::cpu {
namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// [C][9] and [C] as [9][hidden] and [hidden], channels beyond C being zeros.
template <typename Numbers, typename T>
void Arrange(const Numbers& weights, const Numbers& bias, size_t hidden, std::vector<T>& to_weights,
             std::vector<T>& to_bias) {
  to_weights.resize(9 * hidden);
  to_bias.resize(hidden);
  for (size_t c = 0; c < bias.size(); ++c) {
    for (size_t tap = 0; tap < 9; ++tap) to_weights[tap * hidden + c] = weights[c * 9 + tap];
    to_bias[c] = bias[c];
  }
}

}  // namespace

Status ReadResidualWeights(const Graph& graph, const Node& node, std::span<const Map> maps, bool wide,
                           CompiledWeights& weights, ResidualSpec& spec) {
  const auto dims_of = [&](ValueId value) -> const Dims& { return graph.values[size(value)].dims; };
  const auto levels = [&](MapId map) -> const QuantisationTable& { return maps[size(map)].quantisation; };
  const size_t hidden = size(dims_of(node.inputs[kIrBe])[0]);
  if (wide) {
    ASSIGN_OR_RETURN(spec.expand, weights.PackWide(node.inputs[kIrWe], node.inputs[kIrBe]));
    ASSIGN_OR_RETURN(const auto depth_weights, weights.Doubles(node.inputs[kIrWd], 9 * hidden));
    ASSIGN_OR_RETURN(const auto depth_bias, weights.Doubles(node.inputs[kIrBd], hidden));
    Arrange(depth_weights, depth_bias, size(spec.hidden), spec.wide_depth_weights, spec.wide_depth_bias);
    ASSIGN_OR_RETURN(spec.project, weights.PackWide(node.inputs[kIrWp], node.inputs[kIrBp]));
    return {};
  }
  ASSIGN_OR_RETURN(const auto bias, weights.Numbers(node.inputs[kIrBe], hidden));
  if (spec.x != kNoMap) {
    ASSIGN_OR_RETURN(spec.expand, weights.Pack(spec.mode, node.inputs[kIrWe], bias, levels(spec.x)));
  }
  if (spec.low != kNoMap) {
    const auto of_low = spec.x == kNoMap ? bias : std::span<const float>();
    ASSIGN_OR_RETURN(spec.expand_low, weights.Pack(spec.mode, node.inputs[kIrWy], of_low, levels(spec.low)));
  }
  if (spec.x == kNoMap && spec.low == kNoMap) {
    spec.bias.assign(bias.begin(), bias.end());
    spec.bias.resize(size(spec.hidden));
  }
  ASSIGN_OR_RETURN(const auto depth_weights, weights.Numbers(node.inputs[kIrWd], 9 * hidden));
  ASSIGN_OR_RETURN(const auto depth_bias, weights.Numbers(node.inputs[kIrBd], hidden));
  Arrange(depth_weights, depth_bias, size(spec.hidden), spec.depth_weights, spec.depth_bias);
  ASSIGN_OR_RETURN(const auto project_bias, weights.Numbers(node.inputs[kIrBp], size(dims_of(node.outputs[0])[1])));
  ASSIGN_OR_RETURN(spec.project, weights.Pack(spec.mode, node.inputs[kIrWp], project_bias, spec.depth_quantisation));
  return {};
}

}  // namespace lips::cpu
