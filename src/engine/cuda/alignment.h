// Where parts of a device's memory begin.
#pragma once

#include <cstddef>

namespace lips::cuda {

// Parts of one block of memory begin at multiples of this.
inline constexpr size_t kAlignment = 256;
constexpr size_t AlignUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace lips::cuda
