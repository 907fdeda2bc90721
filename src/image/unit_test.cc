#include "image/unit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "image/random_picture.h"

namespace lips {
namespace {

TEST(ToUnit, IsValueOver255InPlanesBgr) {
  std::mt19937 rng(1);
  for (const auto& [width, height] : {std::pair{1, 1}, {31, 3}, {33, 2}, {320, 5}}) {
    const Image image = RandomPicture(rng, width, height);
    std::vector<float> planes(static_cast<size_t>(3 * width * height));
    ToUnit(image.view(), planes);
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          ASSERT_EQ(planes[static_cast<size_t>((c * height + y) * width + x)],
                    static_cast<float>(image.view().Row(y)[3 * x + c]) / 255.0f);
  }
}

// One pixel: b, g, r.
bool Convert(float b, float g, float r, uint8_t* out) {
  const std::vector<float> planes = {b, g, r};
  return FromUnit(planes, ImageView{out, 1, 1, 3});
}

TEST(FromUnit, TruncatesAndClamps) {
  uint8_t out[3];
  ASSERT_TRUE(Convert(0.5f, -0.25f, 1.5f, out));
  EXPECT_EQ(out[0], 127);  // 127.5
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 255);
  ASSERT_TRUE(Convert(-0.0f, std::nextafter(1.0f, 0.0f), 1.0f, out));
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 254);
  EXPECT_EQ(out[2], 255);
  ASSERT_TRUE(Convert(-std::numeric_limits<float>::max(), std::numeric_limits<float>::max(), 1e-40f, out));
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 255);
  EXPECT_EQ(out[2], 0);
}

TEST(FromUnit, RefusesEveryNonFiniteValueWhereverItIs) {
  constexpr int kWidth = 67, kHeight = 2;
  std::vector<float> planes(size_t{3} * kWidth * kHeight, 0.5f);
  Image out(kWidth, kHeight);
  ASSERT_TRUE(FromUnit(planes, out.view()));
  for (const float bad : {std::nanf(""), -std::nanf(""), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    for (float& value : planes) {
      value = bad;
      EXPECT_FALSE(FromUnit(planes, out.view())) << bad << " at " << (&value - planes.data());
      value = 0.5f;
    }
  }
}

// The quotient is rounded, then truncated: a value may come back one lower. It never comes back otherwise.
TEST(FromUnit, OfToUnitIsAtMostOneLower) {
  for (int value = 0; value < 256; ++value) {
    uint8_t in[3] = {static_cast<uint8_t>(value), 0, 0}, out[3];
    float planes[3];
    ToUnit(ConstImageView{in, 1, 1, 3}, planes);
    ASSERT_TRUE(Convert(planes[0], planes[1], planes[2], out));
    EXPECT_EQ(out[0], static_cast<int>(static_cast<float>(value) / 255.0f * 255.0f)) << value;
    EXPECT_LE(value - out[0], 1) << value;
    EXPECT_GE(value - out[0], 0) << value;
  }
}

}  // namespace
}  // namespace lips
