#include "composite/jaw_mask.h"

#include <cassert>
#include <cmath>

namespace lips {
namespace {

// In fractions of the picture's side, from the centre: upwards to just below the nose, downwards to below a chin that
// has fallen. The centre is as high as the corners of the jaw, which are what is widest.
struct Oval {
  double half_width, above, below;
};
constexpr double kCentreY = 0.36;
constexpr Oval kEdge = {0.49, 0.16, 0.56};
constexpr Oval kFading = {0.45, 0.45, 0.60};  // how much smaller the oval of full weight is, times the feather
constexpr double kPowerAbove = 3.0, kPowerBelow = 2.0;

// 0 at the centre, 1 on the oval.
double Radius(const Oval& oval, double x, double y) {
  const double across = std::abs(x - 0.5) / oval.half_width, down = y - kCentreY;
  const double power = down < 0 ? kPowerAbove : kPowerBelow;
  const double along = std::abs(down) / (down < 0 ? oval.above : oval.below);
  return std::pow(std::pow(across, power) + std::pow(along, power), 1 / power);
}

// Smoothstep between the ovals, along the ray from the centre: no crease where the fading begins or ends.
double Weight(double x, double y, const Oval& full) {
  const double to_edge = Radius(kEdge, x, y), to_full = Radius(full, x, y);
  if (to_edge >= 1) return 0;
  if (to_full <= 1) return 1;
  const double t = (1 / to_edge - 1) / (1 / to_edge - 1 / to_full);
  return t * t * (3 - 2 * t);
}

}  // namespace

std::vector<uint8_t> JawMask(int size_px, double feather) {
  assert(size_px >= 16 && feather >= kMinFeather && feather <= kMaxFeather);
  const Oval full = {kEdge.half_width - feather * kFading.half_width, kEdge.above - feather * kFading.above,
                     kEdge.below - feather * kFading.below};
  std::vector<uint8_t> mask;
  mask.reserve(static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const double weight = Weight((x + 0.5) / size_px, (y + 0.5) / size_px, full);
      mask.push_back(static_cast<uint8_t>(std::lround(255 * weight)));
    }
  }
  return mask;
}

}  // namespace lips
