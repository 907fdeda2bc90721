#include "live/shedding.h"

#include <algorithm>

namespace lips {

void LoadShedding::Frame(bool late, int64_t now_us) {
  if (since_us_ < 0) since_us_ = now_us;
  last_frame_us_ = now_us;
  ++frames_;
  late_ += late ? 1 : 0;
}

bool LoadShedding::Update(int64_t now_us) {
  if (since_us_ < 0 || now_us - since_us_ < kStretchUs) return false;
  const bool overloaded = static_cast<double>(late_) > kTolerated * static_cast<double>(frames_);
  // Nobody looked for a while: what was late in the last stretch with frames says nothing about now.
  const int64_t quiet = (now_us - std::max(since_us_, last_frame_us_)) / kStretchUs;
  int level = static_cast<int>(level_);
  if (overloaded && quiet == 0) level = std::min(level + 1, static_cast<int>(Shedding::kCloseNewest));
  calm_ = (overloaded ? 0 : calm_ + 1) + quiet;
  constexpr int64_t kCalmStretches = 2;
  while (calm_ >= kCalmStretches && level > 0) {
    calm_ -= kCalmStretches;
    --level;
  }
  level_ = static_cast<Shedding>(level);
  since_us_ = level_ == Shedding::kNone ? -1 : now_us;
  frames_ = 0;
  late_ = 0;
  return true;
}

std::optional<int64_t> LoadShedding::NextUs() const {
  if (level_ == Shedding::kNone || since_us_ < 0) return std::nullopt;
  return since_us_ + kStretchUs;
}

}  // namespace lips
