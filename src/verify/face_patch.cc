#include "verify/face_patch.h"

#include <algorithm>
#include <cmath>

namespace lips {
namespace {

constexpr int kPx = FacePatch::kPx;

void AddPixel(ConstImageView frame, double x, double y, float* sum) {
  const double cx = std::clamp(x, 0.0, frame.width - 1.0), cy = std::clamp(y, 0.0, frame.height - 1.0);
  const int left = static_cast<int>(cx), top = static_cast<int>(cy);
  const int right = std::min(left + 1, frame.width - 1), bottom = std::min(top + 1, frame.height - 1);
  const auto fx = static_cast<float>(cx - left), fy = static_cast<float>(cy - top);
  for (int c = 0; c < 3; ++c) {
    const auto at = [&](int px, int py) { return static_cast<float>(frame.Row(py)[3 * px + c]); };
    const float above = at(left, top) + fx * (at(right, top) - at(left, top));
    const float below = at(left, bottom) + fx * (at(right, bottom) - at(left, bottom));
    sum[c] += above + fy * (below - above);
  }
}

}  // namespace

void SampleFace(ConstImageView frame, const Place& face, FacePatch& out) {
  out.bgr.resize(size_t{kPx} * kPx * 3);
  out.luma.resize(size_t{kPx} * kPx);
  const double scale = (1 + 2 * FacePatch::kMargin) / kPx;
  const int points = std::clamp(static_cast<int>(std::lround(face.width * scale)), 1, 8);
  const float share = 1.0F / static_cast<float>(points * points);
  for (int y = 0; y < kPx; ++y) {
    for (int x = 0; x < kPx; ++x) {
      float sum[3] = {};
      for (int j = 0; j < points; ++j) {
        for (int i = 0; i < points; ++i) {
          const double u = (x + (i + 0.5) / points) * scale - FacePatch::kMargin;
          const double v = (y + (j + 0.5) / points) * scale - FacePatch::kMargin;
          AddPixel(frame, face.x + u * face.width - 0.5, face.y + v * face.height - 0.5, sum);
        }
      }
      const size_t at = static_cast<size_t>(y) * kPx + static_cast<size_t>(x);
      for (size_t c = 0; c < 3; ++c) out.bgr[3 * at + c] = sum[c] * share;
      out.luma[at] = 0.114F * out.bgr[3 * at] + 0.587F * out.bgr[3 * at + 1] + 0.299F * out.bgr[3 * at + 2];
    }
  }
}

double Sample(const std::vector<float>& map, double x, double y) {
  const double cx = std::clamp(x, 0.0, kPx - 1.0), cy = std::clamp(y, 0.0, kPx - 1.0);
  const int left = std::min(static_cast<int>(cx), kPx - 2), top = std::min(static_cast<int>(cy), kPx - 2);
  const double fx = cx - left, fy = cy - top;
  const float* at = map.data() + static_cast<ptrdiff_t>(top) * kPx + left;
  const double above = at[0] + fx * (at[1] - at[0]), below = at[kPx] + fx * (at[kPx + 1] - at[kPx]);
  return above + fy * (below - above);
}

}  // namespace lips
