// The element type each operator gives its outputs.
#pragma once

#include "model/graph.h"

namespace lips {

// The type of output number `output` of `node`, from the types of its inputs and its attributes. Operators this does
// not know are taken to keep their first input's type, as most do.
// Errors: kUnsupported (a Cast to a type we lack).
Result<DType> OutputDType(const Graph& graph, const Node& node, size_t output);

}  // namespace lips
