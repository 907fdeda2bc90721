// The one place where 8-bit pixels become the network's numbers, and the one place where they come back.
#pragma once

#include <span>

#include "image/view.h"

namespace lips {

// out[c][y][x] = in(x, y)[c] / 255, planar B, G, R: `out` is [3, height, width]. Exactly value / 255.0f.
void ToUnit(ConstImageView in, std::span<float> out);

// out(x, y)[c] = trunc(clamp(in[c][y][x], 0, 1) * 255): the reference truncates (spec.md 4). `in` is planar
// B, G, R [3, height, width]. Returns false when a value is NaN or infinite, and `out` is then unspecified.
[[nodiscard]] bool FromUnit(std::span<const float> in, ImageView out);

}  // namespace lips
