// Reads the weights of an InvertedResidual (model/fused.h) as its step wants them.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/cpu/compiled_weights.h"
#include "engine/cpu/residual.h"
#include "model/graph.h"

namespace lips::cpu {

// Fills in the matrices, depthwise weights and biases of `spec`, whose mode, maps, `hidden` and depth_quantisation are
// there; `wide`: for sums in double. Matrices are taken in the order expand, expand_low, project. Errors: those of
// CompiledWeights.
Status ReadResidualWeights(const Graph& graph, const Node& node, std::span<const Map> maps, bool wide,
                           CompiledWeights& weights, ResidualSpec& spec);

}  // namespace lips::cpu
