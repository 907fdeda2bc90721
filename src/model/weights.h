// Whether a network's weights can be trusted to be numbers.
#pragma once

#include "model/graph.h"

namespace lips {

// Errors: kCorrupted naming the first constant that holds NaN or infinity, and the flat index where.
Status CheckWeights(const Graph& graph);

}  // namespace lips
