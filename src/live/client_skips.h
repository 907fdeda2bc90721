// Whether a client shows so few of its frames that it is better served with half of them.
#pragma once

#include <cstdint>

namespace lips {

// A client counts the frames that it could not show. When most of those that it got meanwhile were not, report after
// report, for kPatienceUs, it is too slow; when few are for as long, it is so no longer. Times are microseconds of any
// one clock. One thread at a time.
class ClientSkips {
 public:
  static constexpr int64_t kPatienceUs = 5'000'000;

  // `dropped`: not shown; `sent`: sent to it; both since the session began. True when it has just become too slow.
  bool Report(int64_t dropped, int64_t sent, int64_t now_us);
  bool too_many() const { return too_many_; }

 private:
  int64_t dropped_ = 0, sent_ = 0;  // at the last report that was judged
  int64_t since_us_ = -1;           // since when reports say what too_many_ does not; -1: they agree
  bool too_many_ = false;
};

}  // namespace lips
