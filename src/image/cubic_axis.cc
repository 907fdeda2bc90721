#include "image/cubic_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cubic.h"

namespace lips {
namespace {

constexpr int kTaps = kernels::kCubicTaps;

int16_t Fixed(float factor) { return static_cast<int16_t>(std::lrint(factor * (1 << kernels::kCubicBits))); }

// Every operation in the precision and order of OpenCV's interpolateCubic: a factor that rounds the other way would
// move pixels by a level.
std::array<float, kTaps> KeysFactors(float x) {
  constexpr float kA = -0.75f;
  std::array<float, kTaps> f;
  f[0] = ((kA * (x + 1) - 5 * kA) * (x + 1) + 8 * kA) * (x + 1) - 4 * kA;
  f[1] = ((kA + 2) * x - (kA + 3)) * x * x + 1;
  f[2] = ((kA + 2) * (1 - x) - (kA + 3)) * (1 - x) * (1 - x) + 1;
  f[3] = 1.0f - f[0] - f[1] - f[2];
  return f;
}

}  // namespace

void CubicAxis::Set(int from_size, double start, double extent, int to_size) {
  first.resize(static_cast<size_t>(to_size));
  factors.resize(first.size() * kTaps);
  const double scale = 1.0 / (static_cast<double>(to_size) / extent);  // OpenCV takes the reciprocal twice
  for (int i = 0; i < to_size; ++i) {
    const double exact = start + (i + 0.5) * scale - 0.5;
    const auto position = static_cast<float>(std::clamp(exact, -1.0, static_cast<double>(from_size)));
    const int floor = std::min(static_cast<int>(std::floor(position)), from_size - 1);
    const auto index = static_cast<size_t>(i);
    first[index] = floor - 1;
    const auto f = KeysFactors(position - static_cast<float>(floor));
    std::transform(f.begin(), f.end(), factors.begin() + static_cast<ptrdiff_t>(kTaps * index), Fixed);
  }
}

}  // namespace lips
