#include "composite/jaw_mask.h"

#include <cassert>
#include <cmath>

namespace lips {
namespace {

// In fractions of the picture's side.
constexpr double kCentreY = 0.50;
constexpr double kHalfWidth = 0.42;
constexpr double kAbove = 0.30;  // from the centre up to just below the nose
constexpr double kBelow = 0.40;  // ... down to below the chin
constexpr double kPowerAbove = 3.0;
constexpr double kPowerBelow = 2.2;

// 0 at the centre, 1 on the edge.
double Radius(double x, double y) {
  const double across = std::abs(x - 0.5) / kHalfWidth;
  const double down = y - kCentreY;
  const double power = down < 0 ? kPowerAbove : kPowerBelow;
  const double along = std::abs(down) / (down < 0 ? kAbove : kBelow);
  return std::pow(std::pow(across, power) + std::pow(along, power), 1 / power);
}

// Smoothstep: no crease where the fading begins or ends.
double Weight(double radius, double feather) {
  const double t = (1 - radius) / feather;
  if (t <= 0) return 0;
  return t >= 1 ? 1 : t * t * (3 - 2 * t);
}

}  // namespace

std::vector<uint8_t> JawMask(int size_px, double feather) {
  assert(size_px >= 16 && feather >= kMinFeather && feather <= kMaxFeather);
  std::vector<uint8_t> mask;
  mask.reserve(static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const double weight = Weight(Radius((x + 0.5) / size_px, (y + 0.5) / size_px), feather);
      mask.push_back(static_cast<uint8_t>(std::lround(255 * weight)));
    }
  }
  return mask;
}

}  // namespace lips
