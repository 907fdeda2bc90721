#include "engine/cuda/network.h"

#include <utility>

#include "model/passes.h"

namespace lips::cuda {

Result<Network> Network::Make(const lips::Graph& graph, TemplateCut level, Port output, const Device& device) {
  Network network;
  ASSIGN_OR_RETURN(network.binding, BindGenerator(graph));
  ASSIGN_OR_RETURN(const lips::Graph single, WithBatch(graph, 1));
  ASSIGN_OR_RETURN(const SplitGraph split, OptimiseSplit(single, network.binding.image_input, level));
  const size_t crossing = split.head.outputs.size();
  PlanOptions of_tail;
  of_tail.inputs.assign(crossing, Port::kMap);
  if (split.tail_takes_input) of_tail.inputs.push_back(Port::kFaces);
  of_tail.inputs.push_back(Port::kPlanes);
  of_tail.outputs = {output};
  ASSIGN_OR_RETURN(Plan tail, Plan::Make(split.tail, of_tail));
  PlanOptions of_head;
  of_head.inputs = {Port::kFaces};
  of_head.outputs.assign(crossing, Port::kMap);
  TemplateLayout& layout = network.layout;
  for (size_t i = 0; i < crossing; ++i) {
    const Map& map = tail.maps[static_cast<size_t>(tail.inputs[i])];
    of_head.output_maps.push_back(map);
    layout.maps.push_back(layout.bytes);
    layout.bytes += AlignUp(map.bytes());
  }
  layout.has_pictures = split.tail_takes_input;
  layout.pictures = layout.bytes;
  const auto side = static_cast<size_t>(network.binding.size_px);
  if (layout.has_pictures) layout.bytes += AlignUp(6 * side * side);
  ASSIGN_OR_RETURN(Plan head, Plan::Make(split.head, of_head));
  ASSIGN_OR_RETURN(network.head, Program::Make(std::move(head), device));
  ASSIGN_OR_RETURN(network.tail, Program::Make(std::move(tail), device));
  return network;
}

}  // namespace lips::cuda
