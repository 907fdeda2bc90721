// What a network is, for `lipstream model info`: as JSON and as a table.
#pragma once

#include <string>

#include "base/json.h"
#include "model/graph.h"

namespace lips {

// Members: name, opset, inputs and outputs (name, dtype, dims with null where open), operators (count by kind),
// parameters, weight_bytes, binding ("generator" or "audio encoder" with the text of Describe, or null with
// binding_note), macs (for a batch of 1), layers (name, op, dims, macs of every node that is left once shape arithmetic
// is worked out). Where shapes cannot be worked out, macs is null, layers is empty and shape_note says why. Never
// fails.
Json ModelInfo(const Graph& graph);

// `info`, made by ModelInfo, as text for people; ends in a newline.
std::string FormatModelInfo(const Json& info);

}  // namespace lips
