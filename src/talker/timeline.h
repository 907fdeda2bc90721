// Which template frame and which feature row belong to each output frame.
#pragma once

#include <cstdint>
#include <optional>

#include "audio/window.h"
#include "avatar/template_order.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

inline constexpr int kFeatureRateHz = 25;  // feature rows per second, whatever the video's frame rate

// The arithmetic of time: output frame n is shown at n / output_fps; the template advances at its own rate and the
// features at 25 per second. All in integers, so nothing drifts however long the video.
class Timeline {
 public:
  // `feature_rows` >= 1, `template_frames` >= 1.
  Timeline(int64_t feature_rows, FrameRate output_fps, int64_t template_frames, FrameRate template_fps,
           int64_t start_frame, Loop loop);

  // Output frames: the features' duration, rounded to whole frames, at least 1.
  int64_t frames() const { return frames_; }
  // Where output frame `n` lies among the feature rows: at row n exactly where the rates are the same. Rows are in
  // [0, feature_rows), nothing lies beyond the last one; non-decreasing in n.
  FeatureTime Heard(int64_t n) const;
  // The template frame shown at output frame `n`, in [0, template_frames).
  int64_t TemplateIndex(int64_t n) const;
  // The next output frame after `n` that shows the same template frame; nothing when none does (or, where the rates
  // are so different that most passes skip it, none within the next 32 passes).
  std::optional<int64_t> NextUse(int64_t n) const;

 private:
  int64_t StepOf(int64_t n) const;           // how far the template has advanced at output frame n
  int64_t FirstFrameAt(int64_t step) const;  // the first output frame with StepOf(n) >= step
  int64_t feature_rows_;
  FrameRate output_fps_;
  int64_t template_frames_;
  FrameRate template_fps_;
  int64_t start_frame_;
  Loop loop_;
  int64_t frames_;
};

}  // namespace lips
