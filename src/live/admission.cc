#include "live/admission.h"

#include <algorithm>
#include <cmath>

namespace lips {
namespace {

// P(more than `slots` of `n` speak), by the binomial distribution.
double Overload(int64_t n, int64_t slots, double duty) {
  double at_most = 0;
  for (int64_t k = 0; k <= std::min(slots, n); ++k) {
    const auto count = static_cast<double>(n);
    const auto speaking = static_cast<double>(k);
    const double log_ways = std::lgamma(count + 1) - std::lgamma(speaking + 1) - std::lgamma(count - speaking + 1);
    at_most += std::exp(log_ways + speaking * std::log(duty) + (count - speaking) * std::log1p(-duty));
  }
  return 1 - at_most;
}

}  // namespace

int64_t SpeakingSlots(double frames_per_second, double session_fps, double headroom) {
  if (session_fps <= 0 || frames_per_second <= 0) return 0;
  return static_cast<int64_t>(std::floor(headroom * frames_per_second / session_fps));
}

int64_t ConnectedLimit(int64_t slots, double duty) {
  constexpr double kTolerated = 0.01;
  constexpr int64_t kMost = 100'000;
  if (slots <= 0 || duty >= 1) return std::max<int64_t>(slots, 0);
  if (duty <= 0) return kMost;
  int64_t low = slots;  // admitted
  int64_t high = kMost;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    (Overload(middle, slots, duty) < kTolerated ? low : high) =
        Overload(middle, slots, duty) < kTolerated ? middle : middle - 1;
  }
  return low;
}

}  // namespace lips
