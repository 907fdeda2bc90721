// Weights stored in half the bytes.
#pragma once

#include "base/result.h"
#include "model/graph.h"

namespace lips {

// `graph` with every f32 constant of at least two dimensions stored as f16 (rounded to nearest even) and brought back
// by a Cast node at the front, so that it computes in f32 as before. Any reader of ONNX understands the result; ours
// and ONNX Runtime evaluate those casts once, when the network is opened. Errors: kUnsupported naming a constant whose
// numbers f16 cannot hold (above 65504).
Result<Graph> StoreWeightsAsHalf(const Graph& graph);

// Whether an f16 tensor holds an infinity or NaN, as ToF16 makes of what is too large.
bool HasOverflow(const Tensor& halves);

}  // namespace lips
