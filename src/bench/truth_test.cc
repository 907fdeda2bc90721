#include "bench/truth.h"

#include <gtest/gtest.h>

#include <cstring>

namespace lips {
namespace {

std::vector<Image> Flat(uint8_t level) {
  std::vector<Image> images;
  for (int i = 0; i < 2; ++i) {
    Image& image = images.emplace_back(4, 3);
    std::memset(image.view().data, level, size_t{3} * 4 * 3);
  }
  return images;
}

TEST(PsnrDb, OfEqualPicturesIsTheNumberThatStandsForInfinity) { EXPECT_EQ(PsnrDb(Flat(9), Flat(9), {}), 120); }

TEST(PsnrDb, IsRelativeToWhite) {
  EXPECT_NEAR(PsnrDb(Flat(0), Flat(255), {}), 0, 1e-9);
  EXPECT_NEAR(PsnrDb(Flat(100), Flat(101), {}), 48.1308, 1e-4);  // 20 log10(255)
}

TEST(PsnrDb, LooksAtUsedPixelsOnly) {
  std::vector<uint8_t> used(12);
  used[5] = 1;  // x 1, y 1
  const std::vector<Image> want = Flat(50);
  std::vector<Image> got = Flat(50);
  got[1].view().Row(0)[0] = 255;
  EXPECT_LT(PsnrDb(want, got, {}), 120);
  EXPECT_EQ(PsnrDb(want, got, used), 120);
  got[1].view().Row(1)[3] = 51;  // one of 2 frames x 3 channels, by one level
  EXPECT_NEAR(PsnrDb(want, got, used), 48.1308 + 7.7815, 1e-3);
}

}  // namespace
}  // namespace lips
