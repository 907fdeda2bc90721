#include "image/image.h"

#include <gtest/gtest.h>

#include "image/random_picture.h"

namespace lips {
namespace {

constexpr YuvFormat kFull601 = {YuvMatrix::kBt601, YuvRange::kFull};

TEST(Image, IsBlackAndStartsOnACacheLine) {
  const Image image(5, 3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(image.view().data) % 64, 0u);
  for (size_t i = 0; i < size_t{5} * 3 * 3; ++i) EXPECT_EQ(image.view().data[i], 0) << i;
}

TEST(Image, OfNoPixelsCanBeClonedAndCopied) {
  for (const auto& [width, height] : {std::pair{0, 0}, {7, 0}, {0, 7}}) {
    Image image(width, height);
    const Image copy = image.Clone();
    EXPECT_EQ(copy.width(), width);
    EXPECT_EQ(copy.height(), height);
    CopyPixels(copy.view(), image.view());
    YuvImage yuv(width, height, kFull601);
    CopyPixels(yuv.Clone().view(), yuv.view());
  }
}

TEST(Image, MovedFromIsEmpty) {
  Image from(4, 4);
  const Image to = std::move(from);
  EXPECT_EQ(to.width(), 4);
  EXPECT_EQ(from.width(), 0);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(from.view().data, nullptr);
}

TEST(Image, ResizeKeepsMemoryThatSuffices) {
  Image image(10, 10);
  const uint8_t* before = image.view().data;
  image.Resize(3, 2);
  EXPECT_EQ(image.view().stride_bytes, 9);
  EXPECT_EQ(image.view().data, before);
}

TEST(Image, CopyPixelsTouchesOnlyTheCrop) {
  std::mt19937 rng(1);
  const Image source = RandomPicture(rng, 3, 2);
  Image target(9, 7);
  CopyPixels(source.view(), target.view().Crop({4, 3, 3, 2}));
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 27; ++x) {
      const bool inside = y >= 3 && y < 5 && x >= 12 && x < 21;
      EXPECT_EQ(target.view().Row(y)[x], inside ? source.view().Row(y - 3)[x - 12] : 0) << x << ' ' << y;
    }
  }
}

TEST(YuvImage, BlackDependsOnRange) {
  EXPECT_EQ(YuvImage(2, 2, {}).view().y.data[0], 16);
  EXPECT_EQ(YuvImage(2, 2, kFull601).view().y.data[0], 0);
  EXPECT_EQ(YuvImage(2, 2, kFull601).view().u.data[0], 128);
}

TEST(YuvImage, OddSizesRoundChromaUp) {
  YuvImage image(5, 3, {});
  EXPECT_EQ(image.view().u.width, 3);
  EXPECT_EQ(image.view().v.height, 2);
  EXPECT_EQ(image.view().u.data, image.view().y.data + 15);
  EXPECT_EQ(image.view().v.data, image.view().u.data + 6);
  EXPECT_EQ(image.bytes(), 27u);
}

TEST(YuvImage, CloneHasItsOwnSamplesAndTheFormat) {
  std::mt19937 rng(2);
  YuvImage image = RandomYuv(rng, 5, 3, kFull601);
  const YuvImage copy = image.Clone();
  EXPECT_EQ(copy.format(), kFull601);
  const uint8_t before = image.view().v.data[5];
  image.view().v.data[5] = static_cast<uint8_t>(before + 1);
  EXPECT_EQ(copy.view().v.data[5], before);
}

}  // namespace
}  // namespace lips
