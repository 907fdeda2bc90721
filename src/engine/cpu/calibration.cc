#include "engine/cpu/calibration.h"

#include <algorithm>
#include <cmath>

namespace lips::cpu {
namespace {

constexpr float kSmallestRange = 1e-6f;  // of a channel that is always zero

}  // namespace

QuantisationTable Quantise(const Range& range, int padded) {
  QuantisationTable table;
  for (size_t c = 0; c < static_cast<size_t>(padded); ++c) {
    const float low = c < range.low.size() ? std::min(range.low[c], 0.0f) : 0;
    const float high = c < range.high.size() ? std::max(range.high[c], 0.0f) : 0;
    const float scale = std::max(high - low, kSmallestRange) / 255;
    table.scale.push_back(scale);
    table.inverse.push_back(1 / scale);
    table.zero.push_back(std::nearbyint(-low / scale));
  }
  return table;
}

}  // namespace lips::cpu
