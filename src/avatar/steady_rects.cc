#include "avatar/steady_rects.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace lips {
namespace {

constexpr int kReach = 9;  // three sigmas
constexpr double kSigma = 3;

// Index into `count` items continued by their mirror image, the ends not repeated.
size_t Mirrored(int64_t index, int64_t count) {
  if (count == 1) return 0;
  const int64_t period = 2 * (count - 1);
  const int64_t phase = (index % period + period) % period;
  return static_cast<size_t>(phase < count ? phase : period - phase);
}

}  // namespace

std::vector<Place> SteadyRects(std::span<const Rect> rects) {
  std::array<double, kReach + 1> weights;
  for (int k = 0; k <= kReach; ++k) weights[static_cast<size_t>(k)] = std::exp(-0.5 * k * k / (kSigma * kSigma));
  std::vector<Place> places;
  const auto count = static_cast<int64_t>(rects.size());
  for (int64_t n = 0; n < count; ++n) {
    double x = 0, y = 0, width = 0, height = 0;
    double total = 0;
    const auto add = [&](double weight, const Rect& a, const Rect& b) {  // both neighbours at once: order-free sums
      total += weight * ((a.width > 0 ? 1 : 0) + (b.width > 0 ? 1 : 0));
      x += weight * (a.x + b.x + (a.width + b.width) / 2.0);
      y += weight * (a.y + b.y + (a.height + b.height) / 2.0);
      width += weight * (a.width + b.width);
      height += weight * (a.height + b.height);
    };
    const Rect& own = rects[static_cast<size_t>(n)];
    add(0.5, own, own);
    for (int64_t k = 1; k <= kReach || (total == 0 && k < count); ++k) {
      const double weight = k <= kReach ? weights[static_cast<size_t>(k)] : 1;
      add(weight, rects[Mirrored(n - k, count)], rects[Mirrored(n + k, count)]);
    }
    if (total == 0) total = 1;  // no face anywhere
    width /= total;
    height /= total;
    places.push_back({x / total - width / 2, y / total - height / 2, width, height});
  }
  return places;
}

}  // namespace lips
