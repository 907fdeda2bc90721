#include "live/frame_clock.h"

namespace lips {

int64_t MulDiv(int64_t value, int64_t num, int64_t den) { return value / den * num + value % den * num / den; }

int64_t FrameClock::FrameFrom(int64_t media_us) const {
  if (media_us <= 0) return 0;
  int64_t frame = MulDiv(media_us, fps_.num, int64_t{1'000'000} * fps_.den);
  while (PtsUs(frame) < media_us) ++frame;  // at most once or twice: both are rounded down
  return frame;
}

}  // namespace lips
