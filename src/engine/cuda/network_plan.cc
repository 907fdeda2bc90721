#include "engine/cuda/network_plan.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/cuda/alignment.h"
#include "model/passes.h"

namespace lips::cuda {
namespace {

// Whether kernels and tiles can be chosen for one image, which needs addresses that nobody will look at.
Status CheckSteps(const Plan& plan) {
  const auto memory = std::make_unique_for_overwrite<uint8_t[]>(std::max<size_t>(plan.arena_bytes, 16));
  Bindings bindings;
  bindings.constants = plan.constants.data();
  bindings.arena = memory.get();
  bindings.inputs.assign(plan.inputs.size(), {.base = memory.get()});
  bindings.outputs.assign(plan.outputs.size(), {.base = memory.get()});
  RETURN_IF_ERROR(Bind(plan, bindings));
  return {};
}

Status CheckGenerator(const Graph& graph) {
  ASSIGN_OR_RETURN(const NetworkPlan plan, NetworkPlan::Make(graph, TemplateCut::kExpanded, Port::kPixels));
  RETURN_IF_ERROR(CheckSteps(plan.head));
  return CheckSteps(plan.tail);
}

Status CheckEncoder(const Graph& graph) {
  ASSIGN_OR_RETURN(const Graph single, WithBatch(graph, 1));
  ASSIGN_OR_RETURN(const Graph optimised, Optimise(single));
  ASSIGN_OR_RETURN(const Plan plan, Plan::Make(optimised, {}));
  return CheckSteps(plan);
}

}  // namespace

Result<NetworkPlan> NetworkPlan::Make(const Graph& graph, TemplateCut level, Port output) {
  NetworkPlan network;
  ASSIGN_OR_RETURN(network.binding, BindGenerator(graph));
  ASSIGN_OR_RETURN(const Graph single, WithBatch(graph, 1));
  ASSIGN_OR_RETURN(const SplitGraph split, OptimiseSplit(single, network.binding.image_input, level));
  const size_t crossing = split.head.outputs.size();
  PlanOptions of_tail;
  of_tail.inputs.assign(crossing, Port::kMap);
  if (split.tail_takes_input) of_tail.inputs.push_back(Port::kFaces);
  of_tail.inputs.push_back(Port::kPlanes);
  of_tail.outputs = {output};
  ASSIGN_OR_RETURN(network.tail, Plan::Make(split.tail, of_tail));
  PlanOptions of_head;
  of_head.inputs = {Port::kFaces};
  of_head.outputs.assign(crossing, Port::kMap);
  TemplateLayout& layout = network.layout;
  for (size_t i = 0; i < crossing; ++i) {
    const Map& map = network.tail.maps[static_cast<size_t>(network.tail.inputs[i])];
    of_head.output_maps.push_back(map);
    layout.maps.push_back(layout.bytes);
    layout.bytes += AlignUp(map.bytes());
  }
  layout.has_pictures = split.tail_takes_input;
  layout.pictures = layout.bytes;
  const auto side = static_cast<size_t>(network.binding.size_px);
  if (layout.has_pictures) layout.bytes += AlignUp(6 * side * side);
  ASSIGN_OR_RETURN(network.head, Plan::Make(split.head, of_head));
  return network;
}

}  // namespace lips::cuda

namespace lips {

std::string FirstUnsupportedByCuda(const Graph& graph) {
  if (graph.inputs.size() > 2 || graph.outputs.size() != 1) {
    return "a network of " + std::to_string(graph.inputs.size()) + " inputs and " +
           std::to_string(graph.outputs.size()) + " outputs is neither a generator nor an encoder";
  }
  const Status checked = graph.inputs.size() == 2 ? cuda::CheckGenerator(graph) : cuda::CheckEncoder(graph);
  return checked.ok() ? "" : checked.error().message();
}

}  // namespace lips
