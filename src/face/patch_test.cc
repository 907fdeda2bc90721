#include "face/patch.h"

#include <gtest/gtest.h>

#include <numbers>
#include <vector>

#include "image/image.h"

namespace lips {
namespace {

// Blue tells the column, green the row; red is 200.
Image PlaceImage(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.view().Row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x);
      pixel[1] = static_cast<uint8_t>(y);
      pixel[2] = 200;
    }
  }
  return image;
}

std::vector<float> Sample(const Image& image, const SquareRegion& region, PatchFormat format) {
  format.scale = 1;
  std::vector<float> planes(static_cast<size_t>(3 * format.size_px) * static_cast<size_t>(format.size_px));
  SamplePatch(image.view(), region, format, planes);
  return planes;
}

TEST(SamplePatch, CopiesPixelsWhereNothingIsScaledOrTurned) {
  const auto planes = Sample(PlaceImage(20, 20), {.centre_x = 10, .centre_y = 8, .side = 4}, {.size_px = 4});
  EXPECT_EQ(planes[0], 200);  // red first
  EXPECT_EQ(planes[16], 6);   // green: rows from 6
  EXPECT_EQ(planes[32], 8);   // blue: columns from 8
  EXPECT_EQ(planes[32 + 3], 11);
  EXPECT_EQ(planes[16 + 12], 9);
}

TEST(SamplePatch, GivesBlueFirstWhenAsked) {
  EXPECT_EQ(Sample(PlaceImage(20, 20), {.centre_x = 10, .centre_y = 8, .side = 4}, {.size_px = 4, .bgr = true})[0], 8);
}

// A quarter turn clockwise: what lies right of the centre is what the patch shows below it.
TEST(SamplePatch, TurnsWithTheRegion) {
  const auto planes = Sample(
      PlaceImage(20, 20), {.centre_x = 10, .centre_y = 10, .side = 4, .angle = std::numbers::pi / 2}, {.size_px = 4});
  EXPECT_NEAR(planes[32], 11, 1e-3);      // upper left of the patch: right column of the picture ...
  EXPECT_NEAR(planes[16], 8, 1e-3);       // ... upper row
  EXPECT_NEAR(planes[16 + 3], 11, 1e-3);  // along the patch's row the picture's rows go down
}

TEST(SamplePatch, AveragesWhatItShrinks) {
  Image checks(64, 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) checks.view().Row(y)[3 * x] = (x + y) % 2 == 0 ? 0 : 200;
  }
  const auto planes = Sample(checks, {.centre_x = 32, .centre_y = 32, .side = 32}, {.size_px = 8, .bgr = true});
  for (size_t i = 0; i < 64; ++i) EXPECT_NEAR(planes[i], 100, 1) << i;
}

TEST(SamplePatch, IsBlackOrTheEdgeOutside) {
  const Image image = PlaceImage(8, 8);
  const SquareRegion outside = {.centre_x = -50, .centre_y = 4, .side = 4};
  EXPECT_EQ(Sample(image, outside, {.size_px = 4, .black_outside = true})[0], 0);
  EXPECT_EQ(Sample(image, outside, {.size_px = 4})[0], 200);
  const SquareRegion absurd = {.centre_x = 1e300, .centre_y = -1e300, .side = 1e299};
  EXPECT_EQ(Sample(image, absurd, {.size_px = 4})[0], 200);
}

TEST(InPicture, GoesFromCornerToCorner) {
  const SquareRegion region = {.centre_x = 10, .centre_y = 20, .side = 8, .angle = std::numbers::pi / 2};
  EXPECT_NEAR(InPicture(region, 0, 0).x, 14, 1e-9);
  EXPECT_NEAR(InPicture(region, 0, 0).y, 16, 1e-9);
  EXPECT_NEAR(InPicture(region, 0.5, 0.5).x, 10, 1e-9);
}

}  // namespace
}  // namespace lips
