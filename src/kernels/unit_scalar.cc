#include <cmath>

#include "kernels/unit.h"

namespace lips::kernels {
namespace {

uint8_t ByteOf(float value) {
  const float clamped = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
  return static_cast<uint8_t>(clamped * 255.0f);
}

}  // namespace

void UnitFromBgrRow_scalar(float* b, float* g, float* r, const uint8_t* bgr, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    b[i] = static_cast<float>(bgr[3 * i]) / 255.0f;
    g[i] = static_cast<float>(bgr[3 * i + 1]) / 255.0f;
    r[i] = static_cast<float>(bgr[3 * i + 2]) / 255.0f;
  }
}

bool BgrFromUnitRow_scalar(uint8_t* bgr, const float* b, const float* g, const float* r, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    // Leaves before the conversion: NaN to integer is undefined.
    if (!std::isfinite(b[i]) || !std::isfinite(g[i]) || !std::isfinite(r[i])) return false;
    bgr[3 * i] = ByteOf(b[i]);
    bgr[3 * i + 1] = ByteOf(g[i]);
    bgr[3 * i + 2] = ByteOf(r[i]);
  }
  return true;
}

}  // namespace lips::kernels
