// Durations: a stopwatch, and the percentiles every report and benchmark uses.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/json.h"

namespace lips {

// Monotonic wall-clock time since construction or the last Restart().
class Stopwatch {
 public:
  void Restart() { start_ = Clock::now(); }
  double ElapsedMs() const { return std::chrono::duration<double, std::milli>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// Milliseconds of one repeated step. The first one is kept apart, since it pays for warm-up.
//
// Memory is constant: beyond 64 Ki durations a uniform sample is kept (reservoir, seeded: deterministic).
// One thread at a time.
class DurationStats {
 public:
  void Add(double ms);

  int64_t count() const { return count_; }  // the first one included
  double first_ms() const { return first_ms_; }
  double total_ms() const { return total_ms_; }  // the first one included
  // `p` in [0, 100], by nearest rank, of all but the first (of the first when it is the only one).
  double Percentile(double p) const;

  // {"count", "first_ms", "min_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "mean_ms", "total_ms"}; p's and
  // the mean leave the first one out.
  Json ToJson() const;

 private:
  std::vector<double> steady_ms_;
  double first_ms_ = 0;
  double total_ms_ = 0;
  double min_ms_ = 0;  // of the steady ones
  double max_ms_ = 0;
  int64_t count_ = 0;
  uint64_t random_ = 88172645463325252;  // xorshift state
};

// Peak resident set of this process so far, in bytes; 0 where the system does not tell.
int64_t PeakRssBytes();

}  // namespace lips
