#include "live/silence_gate.h"

#include <algorithm>

namespace lips {

float SilenceGate::Next(std::span<const float> levels) {
  const float loudest = levels.empty() ? 0 : *std::ranges::max_element(levels);
  if (loudest >= (open_ ? kCloseLevel : kOpenLevel)) {
    quiet_ = 0;
    open_ = true;
  } else if (open_ && ++quiet_ > kQuietRows) {
    open_ = false;
  }
  step_ = std::clamp(step_ + (open_ ? 1 : -1), 0, kEaseFrames);
  return static_cast<float>(step_) / static_cast<float>(kEaseFrames);
}

void EaseToRest(std::span<const float> rest, float weight, std::span<float> window) {
  if (weight >= 1 || rest.size() != window.size()) return;
  for (size_t i = 0; i < window.size(); ++i) window[i] = rest[i] + weight * (window[i] - rest[i]);
}

}  // namespace lips
