#include "live/live_metrics.h"

#include <algorithm>

namespace lips {

void Histogram::Add(double seconds) {
  const auto bound = std::ranges::lower_bound(kBounds, seconds);
  ++buckets_[static_cast<size_t>(bound - kBounds.begin())];
  ++count_;
  sum_ += seconds;
}

int64_t Histogram::at_most(size_t i) const {
  int64_t total = 0;
  for (size_t k = 0; k <= i && k < buckets_.size(); ++k) total += buckets_[k];
  return total;
}

double Histogram::PercentileBound(double p) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<int64_t>(p / 100 * static_cast<double>(count_));
  for (size_t i = 0; i < kBounds.size(); ++i) {
    if (at_most(i) >= std::max<int64_t>(wanted, 1)) return kBounds[i];
  }
  return kBounds.back();
}

}  // namespace lips
