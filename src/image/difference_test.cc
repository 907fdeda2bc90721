#include "image/difference.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>

#include "image/random_picture.h"

namespace lips {
namespace {

struct Scene {
  YuvImage frame;
  Rect rect;
  Image now;
  Image was;
};

Scene RandomScene() {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  Scene s;
  const int width = *rc::gen::inRange(1, 40), height = *rc::gen::inRange(1, 30);
  s.rect.x = *rc::gen::inRange(0, width);
  s.rect.y = *rc::gen::inRange(0, height);
  s.rect.width = *rc::gen::inRange(0, width - s.rect.x + 1);
  s.rect.height = *rc::gen::inRange(0, height - s.rect.y + 1);
  const YuvFormat format = {*rc::gen::element(YuvMatrix::kBt601, YuvMatrix::kBt709),
                            *rc::gen::element(YuvRange::kLimited, YuvRange::kFull)};
  s.frame = RandomYuv(rng, width, height, format);
  s.now = RandomPicture(rng, s.rect.width, s.rect.height);
  s.was = RandomPicture(rng, s.rect.width, s.rect.height);
  return s;
}

bool SameSamples(const YuvImage& a, const YuvImage& b) {
  return std::equal(a.view().y.data, a.view().y.data + a.bytes(), b.view().y.data);
}

// The change of one pixel in real numbers: {luma, u, v} as the standard defines them.
std::array<double, 3> ExactChange(YuvFormat format, const std::array<double, 3>& bgr) {
  const bool is_709 = format.matrix == YuvMatrix::kBt709, full = format.range == YuvRange::kFull;
  const double kr = is_709 ? 0.2126 : 0.299, kb = is_709 ? 0.0722 : 0.114;
  const double y = kr * bgr[2] + (1 - kr - kb) * bgr[1] + kb * bgr[0];
  const double chroma = full ? 1 : 224.0 / 255;
  return {full ? y : y * 219 / 255, (bgr[0] - y) / (2 - 2 * kb) * chroma, (bgr[2] - y) / (2 - 2 * kr) * chroma};
}

std::array<double, 3> PixelChange(const Scene& s, int x, int y) {
  std::array<double, 3> change = {};
  if (x < s.rect.x || x >= s.rect.right() || y < s.rect.y || y >= s.rect.bottom()) return change;
  for (size_t c = 0; c < 3; ++c) {
    const size_t i = static_cast<size_t>(3 * (x - s.rect.x)) + c;
    change[c] = s.now.view().Row(y - s.rect.y)[i] - s.was.view().Row(y - s.rect.y)[i];
  }
  return change;
}

bool IsRounded(uint8_t sample, double exact) { return std::abs(sample - std::clamp(exact, 0.0, 255.0)) <= 0.52; }

RC_GTEST_PROP(DifferenceAdder, MovesSamplesByTheTransformedChange, ()) {
  Scene s = RandomScene();
  const YuvImage before = s.frame.Clone();
  DifferenceAdder().Add(s.now.view(), s.was.view(), s.rect, s.frame.view());
  const int width = s.frame.width(), height = s.frame.height();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto change = ExactChange(before.format(), PixelChange(s, x, y));
      RC_ASSERT(IsRounded(s.frame.view().y.Row(y)[x], before.view().y.Row(y)[x] + change[0]));
    }
  }
  for (int y = 0; y < (height + 1) / 2; ++y) {
    for (int x = 0; x < (width + 1) / 2; ++x) {
      std::array<double, 3> sum = {};
      int count = 0;
      for (int j = 2 * y; j < std::min(2 * y + 2, height); ++j) {
        for (int i = 2 * x; i < std::min(2 * x + 2, width); ++i, ++count) {
          const auto pixel = PixelChange(s, i, j);
          for (size_t c = 0; c < 3; ++c) sum[c] += pixel[c];
        }
      }
      for (double& c : sum) c /= count;
      const auto change = ExactChange(before.format(), sum);
      RC_ASSERT(IsRounded(s.frame.view().u.Row(y)[x], before.view().u.Row(y)[x] + change[1]));
      RC_ASSERT(IsRounded(s.frame.view().v.Row(y)[x], before.view().v.Row(y)[x] + change[2]));
    }
  }
}

RC_GTEST_PROP(DifferenceAdder, WithoutAChangeChangesNoBit, ()) {
  Scene s = RandomScene();
  const YuvImage before = s.frame.Clone();
  DifferenceAdder().Add(s.now.view(), s.now.view(), s.rect, s.frame.view());
  RC_ASSERT(SameSamples(s.frame, before));
}

// Outside the rectangle the law is exact, not to a rounding.
RC_GTEST_PROP(DifferenceAdder, LeavesSamplesOutsideTheRectAlone, ()) {
  Scene s = RandomScene();
  const YuvImage before = s.frame.Clone();
  DifferenceAdder().Add(s.now.view(), s.was.view(), s.rect, s.frame.view());
  const auto untouched = [](ConstPlaneView now, ConstPlaneView was, int left, int top, int right, int bottom) {
    for (int y = 0; y < now.height; ++y) {
      for (int x = 0; x < now.width; ++x) {
        const bool inside = x >= left && x < right && y >= top && y < bottom;
        if (!inside && now.Row(y)[x] != was.Row(y)[x]) return false;
      }
    }
    return true;
  };
  const Rect& r = s.rect;
  RC_ASSERT(untouched(s.frame.view().y, before.view().y, r.x, r.y, r.right(), r.bottom()));
  const int right = (r.right() + 1) / 2, bottom = (r.bottom() + 1) / 2;
  RC_ASSERT(untouched(s.frame.view().u, before.view().u, r.x / 2, r.y / 2, right, bottom));
  RC_ASSERT(untouched(s.frame.view().v, before.view().v, r.x / 2, r.y / 2, right, bottom));
}

// A stale sample of an earlier, wider use must not leak into the margins.
TEST(DifferenceAdder, ReusedIsLikeNew) {
  std::mt19937 rng(9);
  DifferenceAdder reused;
  for (const Rect rect : {Rect{0, 0, 20, 20}, {1, 1, 5, 5}, {3, 2, 9, 4}, {0, 0, 31, 21}}) {
    YuvImage want = RandomYuv(rng, 31, 21, {}), got = want.Clone();
    const Image now = RandomPicture(rng, rect.width, rect.height), was = RandomPicture(rng, rect.width, rect.height);
    DifferenceAdder().Add(now.view(), was.view(), rect, want.view());
    reused.Add(now.view(), was.view(), rect, got.view());
    EXPECT_TRUE(SameSamples(got, want));
  }
}

}  // namespace
}  // namespace lips
