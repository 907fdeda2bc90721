// Sessions on ONNX Runtime.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/session.h"

namespace lips {

// OpenSession for Backend::kOnnxRuntime; the graph's weights have been checked. On the CPU inputs and outputs are used
// where they lie, without copies, from the second Run with the same input shapes on (the first one learns the output
// shapes). On other providers, and with options.resident, the session keeps (bound_session.h).
Result<std::unique_ptr<Session>> OpenOrtSession(const Graph& graph, const SessionOptions& options);

}  // namespace lips
