// One axis of a cubic resize: which source positions make each position of the result, and how much of each.
#pragma once

#include <cstdint>
#include <vector>

namespace lips {

inline constexpr int kCubicReach = 2;  // source pixels that a position between two takes to either side

struct CubicAxis {
  std::vector<int32_t> first;    // of four neighbours; -2 .. size - 2: those outside the source are its edge
  std::vector<int16_t> factors;  // kernels::kCubicTaps each, kernels::kCubicBits fractional bits

  // `extent` > 0 source pixels from `start` on, anywhere, fill the `to_size` positions. Keeps the memory when it
  // suffices.
  void Set(int from_size, double start, double extent, int to_size);
};

}  // namespace lips
