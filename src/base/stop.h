// A request to stop, raised from anywhere (a signal handler too) and polled by long-running work.
#pragma once

#include <atomic>

#include "base/result.h"

namespace lips {

class StopFlag {
 public:
  void Raise() { raised_.store(true, std::memory_order_relaxed); }
  bool raised() const { return raised_.load(std::memory_order_relaxed); }
  // kCancelled once raised.
  Status Check() const {
    if (raised()) return Error(ErrorCode::kCancelled, "stopped on request");
    return {};
  }

 private:
  std::atomic<bool> raised_ = false;  // lock-free, hence safe in signal handlers
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace lips
