// The reference engine: interprets a graph operator by operator, slow and obvious. The oracle of all other engines.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/session.h"

namespace lips {

// What one Run may cost before it is refused with kResourceLimit, so that a hostile model cannot take the machine.
struct ReferenceLimits {
  int64_t live_elements = int64_t{1} << 29;  // of all tensors alive at one time
  int64_t operations = int64_t{1} << 42;     // multiply-accumulates and elements written, of one Run
};

// OpenSession for Backend::kReference. Every result is the same for any number of threads. Floating
// types are f64 from the way in to the way out, where results are rounded, once, to f32. Errors: kUnsupported naming
// the first operator without an implementation.
Result<std::unique_ptr<Session>> OpenReferenceSession(const Graph& graph, int threads,
                                                      const ReferenceLimits& limits = {});

}  // namespace lips
