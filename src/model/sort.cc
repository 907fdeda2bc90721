#include "model/sort.h"

#include <functional>
#include <queue>
#include <utility>

namespace lips {
namespace {

// For every value, the node that makes it; -1 for graph inputs and constants.
std::vector<int> Producers(const Graph& graph) {
  std::vector<int> producers(graph.values.size(), -1);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs) {
      if (id != kNoValue) producers[static_cast<size_t>(id)] = static_cast<int>(n);
    }
  }
  return producers;
}

}  // namespace

Status SortNodes(Graph& graph) {
  const std::vector<int> producers = Producers(graph);
  std::vector<int> waiting_for(graph.nodes.size(), 0);         // inputs not made yet
  std::vector<std::vector<size_t>> users(graph.nodes.size());  // a node that uses two outputs is listed twice
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs) {
      const int producer = id == kNoValue ? -1 : producers[static_cast<size_t>(id)];
      if (producer < 0) continue;
      ++waiting_for[n];
      users[static_cast<size_t>(producer)].push_back(n);
    }
  }
  // Smallest index first, which is what keeps a sorted graph as it is.
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (waiting_for[n] == 0) ready.push(n);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const size_t user : users[n]) {
      if (--waiting_for[user] == 0) ready.push(user);
    }
  }
  for (size_t n = 0; n < graph.nodes.size() && order.size() < graph.nodes.size(); ++n) {
    if (waiting_for[n] > 0) {
      return Error(ErrorCode::kCorrupted,
                   "nodes depend on each other in a circle; one of them is " + Describe(graph, static_cast<int>(n)));
    }
  }
  std::vector<Node> sorted;
  sorted.reserve(order.size());
  for (const size_t n : order) sorted.push_back(std::move(graph.nodes[n]));
  graph.nodes = std::move(sorted);
  return {};
}

}  // namespace lips
