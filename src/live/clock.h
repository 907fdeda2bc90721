// The time by which live sessions run: the system's, or a test's.
#pragma once

#include <cstdint>

namespace lips {

// Any number of threads.
class LiveClock {
 public:
  virtual ~LiveClock() = default;
  virtual int64_t NowUs() const = 0;  // monotonic
};

// std::chrono::steady_clock.
const LiveClock& SteadyClock();

}  // namespace lips
