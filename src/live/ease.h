// A mouth's way from what was said to rest.
#pragma once

#include <span>

namespace lips {

inline constexpr int kEaseFrames = 3;  // from speech to rest

// Moves `window` towards `rest` (as long): 1 leaves it alone, 0 gives the rest.
void EaseToRest(std::span<const float> rest, float weight, std::span<float> window);

}  // namespace lips
