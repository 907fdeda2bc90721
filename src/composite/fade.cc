#include "composite/fade.h"

#include <cassert>
#include <cmath>
#include <cstdint>

namespace lips {

void FadeMouth(ConstImageView crop, ConstImageView mouth, float presence, ImageView out) {
  assert(out.width == mouth.width && out.height == mouth.height);
  const int border = (crop.width - mouth.width) / 2;
  const ConstImageView roi = crop.Crop({border, border, mouth.width, mouth.height});
  constexpr int kBits = 8;
  const int weight = static_cast<int>(std::lround(presence * (1 << kBits)));
  for (int y = 0; y < mouth.height; ++y) {
    const uint8_t* from = roi.Row(y);
    const uint8_t* to = mouth.Row(y);
    uint8_t* row = out.Row(y);
    for (int i = 0; i < 3 * mouth.width; ++i) {
      const int mixed = (from[i] << kBits) + weight * (to[i] - from[i]) + (1 << (kBits - 1));
      row[i] = static_cast<uint8_t>(mixed >> kBits);
    }
  }
}

}  // namespace lips
