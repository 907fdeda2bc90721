#include "engine/cuda/network.h"

#include <utility>

namespace lips::cuda {

Result<Network> Network::Make(const lips::Graph& graph, TemplateCut level, Port output, const Device& device) {
  ASSIGN_OR_RETURN(NetworkPlan plan, NetworkPlan::Make(graph, level, output));
  Network network;
  network.binding = std::move(plan.binding);
  network.layout = std::move(plan.layout);
  ASSIGN_OR_RETURN(network.head, Program::Make(std::move(plan.head), device));
  ASSIGN_OR_RETURN(network.tail, Program::Make(std::move(plan.tail), device));
  return network;
}

}  // namespace lips::cuda
