// Operators that are no products of matrices, as steps: sums, activations, pools, enlargements, padding, joining.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/cpu/program.h"
#include "model/graph.h"

namespace lips::cpu {

// A node whose inputs are pictures [N,C,H,W] kept as maps, and constants.
struct PlainNode {
  const Graph& graph;
  const Node& node;
  std::vector<MapId> inputs = {};  // of each of the node's inputs; kNoMap: a constant, or not given
  MapId out = kNoMap;
};

bool IsPlain(std::string_view op);
bool IsElementwise(std::string_view op);  // of those: also where the inputs are flat maps (arrange.h)

// Errors: kUnsupported, the rest of a sentence that begins with the node's name; those of the model's Resolve
// functions.
Result<std::unique_ptr<Step>> MakePlain(const PlainNode& plain, std::span<const Map> maps);

// Concat of flat maps (arrange.h) of tensors of those dims.
Result<std::unique_ptr<Step>> MakePlainFlatConcat(const PlainNode& plain, std::span<const Map> maps);

}  // namespace lips::cpu
