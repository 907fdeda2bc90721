// A session's media time: frames and samples as microseconds, all in integers, and where the client is in it.
#pragma once

#include <cstdint>
#include <optional>

#include "media/frame.h"

namespace lips {

// floor(value * num / den) without overflow for products beyond 64 bits. value >= 0; num, den > 0.
int64_t MulDiv(int64_t value, int64_t num, int64_t den);

// Frame n is shown at n / fps from media time 0: exact, so nothing drifts however long a session lasts.
class FrameClock {
 public:
  explicit FrameClock(FrameRate fps) : fps_(fps) {}

  FrameRate fps() const { return fps_; }
  int64_t PtsUs(int64_t frame) const { return MulDiv(frame, int64_t{1'000'000} * fps_.den, fps_.num); }
  // The first frame at or after a media time >= 0.
  int64_t FrameFrom(int64_t media_us) const;
  // Samples before the moment of frame `frame`, counted at `rate_hz` from frame 0.
  int64_t SamplesBefore(int64_t frame, int rate_hz) const {
    return MulDiv(frame, int64_t{rate_hz} * fps_.den, fps_.num);
  }
  int64_t period_us() const { return PtsUs(1); }

  // Media time 0 is heard by the client at `origin_us` of the host's clock; nothing until something was sent.
  std::optional<int64_t> origin_us;
  // The media time the client hears now; 0 before anything was sent.
  int64_t PlayedUs(int64_t now_us) const { return origin_us ? now_us - *origin_us : 0; }

 private:
  FrameRate fps_;
};

}  // namespace lips
