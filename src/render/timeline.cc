#include "render/timeline.h"

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

int64_t Timeline::FeatureRow(int64_t n) const {
  const int64_t num = n * output_fps_.den * kFeatureRateHz;
  const int64_t row = (2 * num + output_fps_.num) / (2 * int64_t{output_fps_.num});  // nearest
  return std::min(row, feature_rows_ - 1);
}

int64_t Timeline::TemplateIndex(int64_t n) const {
  // Shown at n / output_fps: the template picture on screen then. Cross-multiplied by whole seconds to stay small.
  const int64_t num = int64_t{output_fps_.den} * template_fps_.num;
  const int64_t den = int64_t{output_fps_.num} * template_fps_.den;
  const int64_t step = n / den * num + n % den * num / den;
  return TemplateFrame(step, template_frames_, start_frame_, loop_);
}

}  // namespace lips
