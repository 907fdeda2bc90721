// Networks that compute in half precision.
#pragma once

#include "base/result.h"
#include "model/graph.h"

namespace lips {

// `graph` with its convolutions, products, sums and whatever only moves or compares numbers computing in f16, for a
// device that is faster so: their f32 weights and values become f16 (rounded to nearest even), with a Cast wherever f32
// meets f16. Graph inputs and outputs keep their types, names and order, so callers see no difference.
//
// In f32 stay: operators whose sums or powers leave f16's range or lose what matters in it (normalisations, Softmax,
// Exp, reductions, ..., and Sigmoid, which makes the picture), coordinates (Resize's scales), and every node with a
// constant that f16 cannot hold (above 65504). Integers are left alone. What is in f16 already stays so: applied twice
// the pass changes nothing. Values must have their types, as after ReadOnnx. Errors: those of Validate.
Result<Graph> ComputeInHalf(const Graph& graph);

}  // namespace lips
