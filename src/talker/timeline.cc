#include "talker/timeline.h"

#include <algorithm>

namespace lips {

Timeline::Timeline(int64_t feature_rows, FrameRate output_fps, int64_t template_frames, FrameRate template_fps,
                   int64_t start_frame, Loop loop)
    : feature_rows_(feature_rows),
      output_fps_(output_fps),
      template_frames_(template_frames),
      template_fps_(template_fps),
      start_frame_(start_frame),
      loop_(loop) {
  const int64_t per_feature_num = output_fps.num;
  const int64_t per_feature_den = int64_t{output_fps.den} * kFeatureRateHz;
  frames_ = std::max<int64_t>(1, (2 * feature_rows * per_feature_num + per_feature_den) / (2 * per_feature_den));
}

FeatureTime Timeline::Heard(int64_t n) const {
  const int64_t num = n * output_fps_.den * kFeatureRateHz;
  const int64_t row = num / output_fps_.num;
  if (row >= feature_rows_ - 1) return {feature_rows_ - 1, 0};
  return {row, static_cast<float>(num % output_fps_.num) / static_cast<float>(output_fps_.num)};
}

// Shown at n / output_fps: the template picture on screen then. Cross-multiplied by whole seconds to stay small.
int64_t Timeline::StepOf(int64_t n) const {
  const int64_t num = int64_t{output_fps_.den} * template_fps_.num;
  const int64_t den = int64_t{output_fps_.num} * template_fps_.den;
  return n / den * num + n % den * num / den;
}

int64_t Timeline::FirstFrameAt(int64_t step) const {
  const int64_t num = int64_t{output_fps_.den} * template_fps_.num;
  const int64_t den = int64_t{output_fps_.num} * template_fps_.den;
  return step / num * den + (step % num * den + num - 1) / num;
}

int64_t Timeline::TemplateIndex(int64_t n) const {
  return TemplateFrame(StepOf(n), template_frames_, start_frame_, loop_);
}

std::optional<int64_t> Timeline::NextUse(int64_t n) const {
  if (n + 1 >= frames_) return std::nullopt;
  const int64_t step = StepOf(n);
  if (template_frames_ == 1 || StepOf(n + 1) == step) return n + 1;
  const int64_t period = loop_ == Loop::kForward ? template_frames_ : 2 * (template_frames_ - 1);
  const int64_t phase = ((step % period + start_frame_ % period) % period + period) % period;
  // Played back and forth, a frame comes again at the mirrored phase, then at its own.
  const int64_t to_mirror = loop_ == Loop::kForward ? 0 : (2 * (period - phase)) % period;
  constexpr int kPasses = 32;
  for (int64_t pass = 0; pass < kPasses; ++pass) {
    for (const int64_t ahead : {pass * period + to_mirror, (pass + 1) * period}) {
      if (ahead % period == 0 && ahead != (pass + 1) * period) continue;  // no mirror of its own
      const int64_t next = FirstFrameAt(step + ahead);
      if (next >= frames_) return std::nullopt;
      if (StepOf(next) == step + ahead) return next;
    }
  }
  return std::nullopt;
}

}  // namespace lips
