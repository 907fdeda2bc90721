// Splits independent work over threads.
#pragma once

#include <cstdint>
#include <functional>

namespace lips {

// Calls body(begin, end) for parts that together cover [0, count), at most `threads` at a time, and returns when all
// are done. `body` must give the same result however the range is cut.
void ParallelFor(int threads, int64_t count, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace lips
