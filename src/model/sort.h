// Puts a graph's nodes into an order in which they can run.
#pragma once

#include "model/graph.h"

namespace lips {

// Stable: nodes already in order keep their places. Ids must be in range and each value made by one node at most.
// Errors: kCorrupted when nodes form a cycle, naming one of them.
Status SortNodes(Graph& graph);

}  // namespace lips
