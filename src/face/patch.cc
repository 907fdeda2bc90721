#include "face/patch.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lips {
namespace {

constexpr int kMostSamples = 4;  // a side, per pixel of the patch

using Colour = std::array<float, 3>;

class Sampler {
 public:
  Sampler(ConstImageView picture, bool black_outside) : picture_(picture), black_outside_(black_outside) {}

  // Adds the colour at (x, y).
  void Add(double x, double y, Colour& sum) const {
    x -= 0.5;
    y -= 0.5;
    const double left = std::floor(x), top = std::floor(y);
    const auto fx = static_cast<float>(x - left), fy = static_cast<float>(y - top);
    // Far outside there is nothing to tell apart, and int must hold it.
    const int x0 = static_cast<int>(std::clamp(left, -2.0, picture_.width + 1.0));
    const int y0 = static_cast<int>(std::clamp(top, -2.0, picture_.height + 1.0));
    AddPixel(x0, y0, (1 - fx) * (1 - fy), sum);
    AddPixel(x0 + 1, y0, fx * (1 - fy), sum);
    AddPixel(x0, y0 + 1, (1 - fx) * fy, sum);
    AddPixel(x0 + 1, y0 + 1, fx * fy, sum);
  }

 private:
  void AddPixel(int x, int y, float weight, Colour& sum) const {
    if (black_outside_ && (x < 0 || y < 0 || x >= picture_.width || y >= picture_.height)) return;
    const uint8_t* pixel =
        picture_.Row(std::clamp(y, 0, picture_.height - 1)) + ptrdiff_t{3} * std::clamp(x, 0, picture_.width - 1);
    for (size_t c = 0; c < 3; ++c) sum[c] += weight * static_cast<float>(pixel[c]);
  }

  ConstImageView picture_;
  bool black_outside_;
};

}  // namespace

PatchPoint InPicture(const SquareRegion& region, double u, double v) {
  const double dx = (u - 0.5) * region.side, dy = (v - 0.5) * region.side;
  const double c = std::cos(region.angle), s = std::sin(region.angle);
  return {region.centre_x + c * dx - s * dy, region.centre_y + s * dx + c * dy};
}

void SamplePatch(ConstImageView picture, const SquareRegion& region, const PatchFormat& format,
                 std::span<float> planes) {
  const int size = format.size_px;
  const size_t plane = static_cast<size_t>(size) * static_cast<size_t>(size);
  const Sampler sampler(picture, format.black_outside);
  // fmin and fmax, unlike clamp, make a number of NaN.
  const auto samples = static_cast<int>(std::fmax(1, std::fmin(kMostSamples, std::ceil(region.side / size - 0.25))));
  const PatchPoint origin = InPicture(region, 0, 0);
  const double step = region.side / (static_cast<double>(size) * samples);
  const double along_x = std::cos(region.angle) * step, along_y = std::sin(region.angle) * step;
  const float share = 1.0F / static_cast<float>(samples * samples);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      Colour sum = {};
      for (int j = 0; j < samples; ++j) {
        for (int i = 0; i < samples; ++i) {
          const double right = x * samples + i + 0.5, down = y * samples + j + 0.5;
          sampler.Add(origin.x + right * along_x - down * along_y, origin.y + right * along_y + down * along_x, sum);
        }
      }
      const size_t at = static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(x);
      for (size_t c = 0; c < 3; ++c) {
        planes[(format.bgr ? c : 2 - c) * plane + at] = sum[c] * share * format.scale + format.offset;
      }
    }
  }
}

}  // namespace lips
