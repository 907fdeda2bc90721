#include "live/clock.h"

#include <chrono>

namespace lips {
namespace {

class SystemClock : public LiveClock {
 public:
  int64_t NowUs() const override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  }
};

}  // namespace

const LiveClock& SteadyClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace lips
