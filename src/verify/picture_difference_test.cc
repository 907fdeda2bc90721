#include "verify/picture_difference.h"

#include <gtest/gtest.h>

#include <cmath>

#include "image/random_picture.h"

namespace lips {
namespace {

Image Flat(int width, int height, uint8_t level) {
  Image image(width, height);
  std::fill_n(image.view().data, 3 * static_cast<size_t>(width) * static_cast<size_t>(height), level);
  return image;
}

TEST(Difference, OfEqualPicturesIsNone) {
  std::mt19937 rng(1);
  const Image a = RandomPicture(rng, 40, 30);
  const PictureDifference d = Difference(a.view(), a.view(), {0, 0, 40, 30});
  EXPECT_EQ(d.psnr_db, kEqualDb);
  EXPECT_EQ(d.ssim, 1);
  EXPECT_EQ(d.max_error, 0);
}

TEST(Difference, OfAConstantIsItsPsnr) {
  const PictureDifference d = Difference(Flat(32, 32, 100).view(), Flat(32, 32, 110).view(), {0, 0, 32, 32});
  EXPECT_NEAR(d.psnr_db, 20 * std::log10(25.5), 1e-9);
  EXPECT_EQ(d.max_error, 10);
  EXPECT_NEAR(d.ssim, (2 * 100 * 110 + 6.5025) / (100.0 * 100 + 110 * 110 + 6.5025), 1e-9) << "flat: luminance alone";
}

TEST(Difference, CountsOnlyItsRegionAndClipsIt) {
  const Image a = Flat(32, 32, 100);
  Image b = Flat(32, 32, 100);
  b.view().Row(5)[3 * 20] = 0;
  EXPECT_EQ(Difference(a.view(), b.view(), {0, 0, 20, 32}).max_error, 0);
  EXPECT_EQ(Difference(a.view(), b.view(), {20, 5, 1, 1}).max_error, 100);
  EXPECT_EQ(Difference(a.view(), b.view(), {16, 0, 100, 100}).max_error, 100);
  EXPECT_EQ(Difference(a.view(), b.view(), {40, 40, 5, 5}).psnr_db, kEqualDb);
}

// SSIM is near 0 for unrelated noise and falls with noise while the mean stays.
TEST(Difference, SsimTellsStructureFromNoise) {
  std::mt19937 rng(2);
  const Image a = SmoothPicture(rng, 64, 64);
  Image little = a.Clone();
  for (int y = 0; y < 64; ++y) {
    for (int i = 0; i < 192; ++i) little.view().Row(y)[i] = static_cast<uint8_t>(little.view().Row(y)[i] + rng() % 9);
  }
  const double close = Difference(a.view(), little.view(), {0, 0, 64, 64}).ssim;
  const double far = Difference(a.view(), RandomPicture(rng, 64, 64).view(), {0, 0, 64, 64}).ssim;
  EXPECT_GT(close, 0.9);
  EXPECT_LT(close, 1.0);
  EXPECT_LT(std::abs(far), 0.1);
}

TEST(SideBySide, ShowsBothAndTheirDifference) {
  const Image all = SideBySide(Flat(8, 6, 100).view(), Flat(8, 6, 97).view(), {});
  ASSERT_EQ(all.width(), 24);
  EXPECT_EQ(all.view().Row(3)[3 * 2], 100);
  EXPECT_EQ(all.view().Row(3)[3 * 10], 97);
  EXPECT_EQ(all.view().Row(3)[3 * 18], 128 + 24);
}

}  // namespace
}  // namespace lips
