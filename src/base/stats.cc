#include "base/stats.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

namespace lips {
namespace {
constexpr size_t kReservoir = 64 * 1024;
}

void DurationStats::Add(double ms) {
  total_ms_ += ms;
  if (count_++ == 0) {
    first_ms_ = ms;
    return;
  }
  min_ms_ = count_ == 2 ? ms : std::min(min_ms_, ms);
  max_ms_ = std::max(max_ms_, ms);
  if (steady_ms_.size() < kReservoir) {
    steady_ms_.push_back(ms);
    return;
  }
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const uint64_t slot = random_ % static_cast<uint64_t>(count_ - 1);
  if (slot < kReservoir) steady_ms_[slot] = ms;
}

double DurationStats::Percentile(double p) const {
  if (steady_ms_.empty()) return first_ms_;
  std::vector<double> sorted = steady_ms_;
  std::ranges::sort(sorted);
  const double rank = std::ceil(p / 100 * static_cast<double>(sorted.size()));
  const auto index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

Json DurationStats::ToJson() const {
  const bool steady = count_ > 1;
  return Json::Object({
      {"count", count_},
      {"first_ms", first_ms_},
      {"min_ms", steady ? min_ms_ : first_ms_},
      {"p50_ms", Percentile(50)},
      {"p95_ms", Percentile(95)},
      {"p99_ms", Percentile(99)},
      {"max_ms", steady ? max_ms_ : first_ms_},
      {"mean_ms", steady ? (total_ms_ - first_ms_) / static_cast<double>(count_ - 1) : first_ms_},
      {"total_ms", total_ms_},
  });
}

int64_t PeakRssBytes() {
  rusage usage = {};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace lips
