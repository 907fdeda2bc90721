#include "live/client_skips.h"

#include <utility>

namespace lips {

bool ClientSkips::Report(int64_t dropped, int64_t sent, int64_t now_us) {
  constexpr int64_t kFewestFrames = 10;  // what fewer say is chance
  const int64_t got = sent - sent_;
  const bool went_back = dropped < dropped_;  // the client counts anew
  if (got < kFewestFrames && !went_back) return false;
  const int64_t lost = went_back ? 0 : dropped - dropped_;
  sent_ = sent;
  dropped_ = dropped;
  // More than half are too many; as long as every other frame is left out, more than a quarter of the rest still are.
  const bool too_many = too_many_ ? lost * 4 > got : lost * 2 > got;
  if (too_many == too_many_) {
    since_us_ = -1;
    return false;
  }
  if (since_us_ < 0) since_us_ = now_us;
  if (now_us - since_us_ < kPatienceUs) return false;
  since_us_ = -1;
  too_many_ = too_many;
  return too_many_;
}

}  // namespace lips
