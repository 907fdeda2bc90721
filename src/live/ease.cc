#include "live/ease.h"

namespace lips {

void EaseToRest(std::span<const float> rest, float weight, std::span<float> window) {
  if (weight >= 1 || rest.size() != window.size()) return;
  for (size_t i = 0; i < window.size(); ++i) window[i] = rest[i] + weight * (window[i] - rest[i]);
}

}  // namespace lips
