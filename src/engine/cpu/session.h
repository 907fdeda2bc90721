// Sessions on our own engine: any graph it has steps for, f32 tensors in and out.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/session.h"

namespace lips {

// OpenSession for Backend::kCpu; the graph's weights have been checked. The leading dimension of all inputs is a batch
// of any size where the graph leaves it open or computes each entry by itself; results do not depend on the batch.
// Errors: kUnsupported naming the first node no step can run.
Result<std::unique_ptr<Session>> OpenCpuSession(const Graph& graph, const SessionOptions& options);

// The first node of `graph` engine cpu has no step for, as a sentence; empty when it can run all of them. Takes as long
// as opening a session.
std::string FirstUnsupportedByCpu(const Graph& graph);

}  // namespace lips
