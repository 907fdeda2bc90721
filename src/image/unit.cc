#include "image/unit.h"

#include <cassert>

#include "kernels/table.h"

namespace lips {

void ToUnit(ConstImageView in, std::span<float> out) {
  const auto width = static_cast<size_t>(in.width);
  const size_t plane = width * static_cast<size_t>(in.height);
  assert(out.size() == 3 * plane);
  for (int y = 0; y < in.height; ++y) {
    float* b = out.data() + static_cast<size_t>(y) * width;
    kernels::Active().unit_from_bgr_row(b, b + plane, b + 2 * plane, in.Row(y), width);
  }
}

bool FromUnit(std::span<const float> in, ImageView out) {
  const auto width = static_cast<size_t>(out.width);
  const size_t plane = width * static_cast<size_t>(out.height);
  assert(in.size() == 3 * plane);
  for (int y = 0; y < out.height; ++y) {
    const float* b = in.data() + static_cast<size_t>(y) * width;
    if (!kernels::Active().bgr_from_unit_row(out.Row(y), b, b + plane, b + 2 * plane, width)) return false;
  }
  return true;
}

}  // namespace lips
