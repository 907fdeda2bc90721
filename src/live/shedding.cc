#include "live/shedding.h"

namespace lips {

void LoadShedding::Frame(bool late, int64_t now_us) {
  if (since_us_ < 0) since_us_ = now_us;
  ++frames_;
  late_ += late ? 1 : 0;
}

bool LoadShedding::Update(int64_t now_us) {
  if (since_us_ < 0 || now_us - since_us_ < kStretchUs) return false;
  const bool overloaded = static_cast<double>(late_) > kTolerated * static_cast<double>(frames_);
  since_us_ = -1;
  frames_ = 0;
  late_ = 0;
  constexpr int kCalmStretches = 2;
  const int level = static_cast<int>(level_);
  if (overloaded) {
    calm_ = 0;
    if (level_ != Shedding::kCloseNewest) level_ = static_cast<Shedding>(level + 1);
  } else if (++calm_ >= kCalmStretches) {
    calm_ = 0;
    if (level_ != Shedding::kNone) level_ = static_cast<Shedding>(level - 1);
  }
  return true;
}

}  // namespace lips
