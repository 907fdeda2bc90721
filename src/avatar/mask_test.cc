#include "avatar/mask.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "avatar/geometry.h"

namespace lips {
namespace {

// Deterministic noise in [-amplitude, amplitude].
class Noise {
 public:
  explicit Noise(uint32_t seed) : state_(seed * 2654435761U + 1) {}
  int operator()(int amplitude) {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<int>((state_ >> 8) % static_cast<uint32_t>(2 * amplitude + 1)) - amplitude;
  }

 private:
  uint32_t state_;
};

// A face-like gradient with a dark left edge, as hair or a background gives.
Image Face(int size, int darkness) {
  Image image(size, size);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const int level = std::clamp(darkness + x / 2 + y / 4, 0, 255);
      std::fill_n(image.view().Row(y) + 3 * x, 3, static_cast<uint8_t>(level));
    }
  }
  return image;
}

Image WithNoise(ConstImageView clean, Noise& noise, int amplitude) {
  Image image(clean.width, clean.height);
  for (int y = 0; y < clean.height; ++y) {
    for (int i = 0; i < 3 * clean.width; ++i) {
      image.view().Row(y)[i] = static_cast<uint8_t>(std::clamp(clean.Row(y)[i] + noise(amplitude), 0, 255));
    }
  }
  return image;
}

std::optional<Rect> MeasureThroughNoise(Rect mask, int darkness, int amplitude, uint32_t seed, int size = 320) {
  Noise noise(seed);
  const Image clean = Face(size, darkness);
  Image masked = clean.Clone();
  FillBlack(mask, masked.view());
  MaskMeter meter(size, size);
  for (int pair = 0; pair < 4; ++pair) {
    meter.Add(WithNoise(clean.view(), noise, amplitude).view(),
              WithNoise(std::as_const(masked).view(), noise, amplitude).view());
  }
  return meter.Measure();
}

RC_GTEST_PROP(MaskMeter, FindsAnyRectangleThroughNoise, (uint32_t seed)) {
  const int x = *rc::gen::inRange(0, 12);
  const int y = *rc::gen::inRange(0, 12);
  const Rect mask{x, y, *rc::gen::inRange(60, 96 - x + 1), *rc::gen::inRange(60, 96 - y + 1)};
  RC_ASSERT(MeasureThroughNoise(mask, 60, 10, seed, 96) == mask);
}

TEST(MaskMeter, TellsTheTwoConventionsApart) {
  EXPECT_EQ(MeasureThroughNoise(kMaskPackage2, 20, 6, 1), kMaskPackage2);
  EXPECT_EQ(MeasureThroughNoise(kMaskRaw, 20, 6, 2), kMaskRaw);
}

TEST(MaskMeter, RefusesTheRoiItself) { EXPECT_EQ(MeasureThroughNoise(Rect{0, 0, 0, 0}, 60, 3, 1), std::nullopt); }

TEST(MaskMeter, RefusesASmallBlackSpot) {
  EXPECT_EQ(MeasureThroughNoise(Rect{100, 100, 60, 60}, 60, 3, 1), std::nullopt);
}

TEST(MaskMeter, RefusesPicturesThatHaveNothingToDoWithEachOther) {
  const Image bright = Face(320, 90);
  Image other(320, 320);
  std::fill_n(other.view().data, 320 * 320 * 3, uint8_t{250});
  FillBlack(kMaskPackage2, other.view());
  MaskMeter meter(320, 320);
  Image roi = bright.Clone();
  // Outside the rectangle the pictures differ wildly: someone else's masked pictures.
  for (int y = 0; y < 320; ++y) {
    for (int i = 0; i < 960; ++i) roi.view().Row(y)[i] = static_cast<uint8_t>(roi.view().Row(y)[i] / 3);
  }
  meter.Add(std::as_const(roi).view(), std::as_const(other).view());
  EXPECT_EQ(meter.Measure(), std::nullopt);
}

TEST(MaskMeter, KnowsNothingWithoutPictures) { EXPECT_EQ(MaskMeter(320, 320).Measure(), std::nullopt); }

}  // namespace
}  // namespace lips
