// Cuts out of a graph everything that depends on one input alone, by dataflow.
#pragma once

#include "model/graph.h"

namespace lips {

// `head` computes from the chosen input (and constants) alone; its outputs are the values the rest needs. `tail` takes
// those, in the same order, followed by the graph's other inputs. tail(head(x), rest) == graph(x, rest).
struct SplitGraph {
  Graph head;
  Graph tail;
  // The tail takes the chosen input, too: after what crosses, before the others. Of CutTemplate only.
  bool tail_takes_input = false;
};

// `input` is an index into graph.inputs. Nodes of constants alone go wherever they are used, in both parts if need be;
// nodes nobody needs are dropped. What crosses is data: where the tail needs shapes of template values (a Resize to the
// size of a skip connection), it reads them again from the values that cross, so that its batch may differ from the
// head's; only when nothing suitable crosses is the computed shape handed over. Cut the result of InferShapes to have
// no shape arithmetic at all. When the tail needs nothing of the input, or the input itself, the head passes it on
// through an Identity. A graph output that depends on the input alone passes through the tail likewise.
// Errors: kInvalidInput (no such input), those of Validate.
Result<SplitGraph> CutByInput(const Graph& graph, int input);

}  // namespace lips
