// Cuts out of a graph everything that depends on one input alone, by dataflow.
#pragma once

#include "model/graph.h"

namespace lips {

// `head` computes from the chosen input (and constants) alone; its outputs are the values the rest needs. `tail` takes
// those, in the same order, followed by the graph's other inputs. tail(head(x), rest) == graph(x, rest).
struct SplitGraph {
  Graph head;
  Graph tail;
};

// `input` is an index into graph.inputs. Nodes without any graph input (constants) go where they are used; a node with
// dynamic-shape arithmetic is followed like any other. A graph whose head would be empty gets an identity head.
Result<SplitGraph> CutByInput(const Graph& graph, int input);

}  // namespace lips
