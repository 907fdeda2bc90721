#include "media/jpeg_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "image/colour.h"
#include "image/random_picture.h"
#include "media/picture.h"

namespace lips {
namespace {

constexpr YuvFormat kLimited601 = {YuvMatrix::kBt601, YuvRange::kLimited};
constexpr YuvFormat kFull601 = {YuvMatrix::kBt601, YuvRange::kFull};
constexpr YuvFormat kLimited709 = {YuvMatrix::kBt709, YuvRange::kLimited};

YuvImage Smooth(int width, int height, YuvFormat format) {
  std::mt19937 rng(3);
  YuvImage image(width, height, format);
  BgrToYuv(SmoothPicture(rng, width, height).view(), image.view());
  return image;
}

double MeanDifference(ConstImageView a, ConstImageView b) {
  double sum = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) sum += std::abs(a.Row(y)[i] - b.Row(y)[i]);
  }
  return sum / (3.0 * a.width * a.height);
}

Image Decoded(const Result<std::span<const uint8_t>>& bytes) {
  if (!bytes.ok()) {
    ADD_FAILURE() << bytes.error().message();
    return {};
  }
  auto image = ParsePicture(bytes.value());
  if (image.ok()) return std::move(image).value();
  ADD_FAILURE() << image.error().message();
  return {};
}

TEST(JpegEncoder, OfBgrIsWhatWriteJpegWrites) {
  std::mt19937 rng(1);
  const Image image = SmoothPicture(rng, 63, 41);
  JpegEncoder encoder;
  for (const int quality : {1, 50, 100}) {
    auto bytes = encoder.Encode(image.view(), quality);
    ASSERT_TRUE(bytes.ok()) << bytes.error().message();
    EXPECT_EQ(std::vector<uint8_t>(bytes.value().begin(), bytes.value().end()),
              JpegBytes(image.view(), quality).value());
  }
}

// Even and odd sizes; the matrix and range of the planes decide the way, never the colours.
TEST(JpegEncoder, OfPlanesShowsTheColoursOfThePicture) {
  JpegEncoder encoder;
  for (const YuvFormat format : {kLimited601, kFull601, kLimited709}) {
    for (const auto& [width, height] : {std::pair{64, 48}, {63, 48}, {64, 47}, {63, 47}, {1, 1}}) {
      const YuvImage yuv = Smooth(width, height, format);
      Image expected(width, height);
      YuvToBgr(yuv.view(), expected.view());
      const Image image = Decoded(encoder.Encode(yuv.view(), 95));
      ASSERT_EQ(image.width(), width);
      ASSERT_EQ(image.height(), height);
      EXPECT_LT(MeanDifference(image.view(), expected.view()), 2.5)
          << width << "x" << height << " matrix " << static_cast<int>(format.matrix) << " range "
          << static_cast<int>(format.range);
    }
  }
}

TEST(JpegEncoder, OfARectangleShowsThatPartWhereverItsEdgesLie) {
  JpegEncoder encoder;
  for (const YuvFormat format : {kLimited601, kFull601, kLimited709}) {
    const YuvImage yuv = Smooth(101, 77, format);
    for (const Rect rect : {Rect{20, 10, 40, 30},
                            {21, 10, 40, 30},
                            {20, 11, 40, 31},
                            {60, 40, 41, 37},
                            {100, 76, 1, 1},
                            {0, 0, 101, 77}}) {
      Image expected(rect.width, rect.height);
      YuvToBgr(yuv.view(), rect, expected.view());
      const Image image = Decoded(encoder.Encode(yuv.view(), rect, 95));
      ASSERT_EQ(image.width(), rect.width);
      ASSERT_EQ(image.height(), rect.height);
      EXPECT_LT(MeanDifference(image.view(), expected.view()), 3.0)
          << rect.x << "," << rect.y << " " << rect.width << "x" << rect.height;
    }
  }
}

TEST(JpegEncoder, ReusesItsMemoryWithoutMixingPictures) {
  JpegEncoder encoder;
  const YuvImage large = Smooth(320, 240, kLimited601);
  const YuvImage small = Smooth(33, 17, kLimited601);
  const auto copy = [](const Result<std::span<const uint8_t>>& bytes) {
    return std::vector<uint8_t>(bytes.value().begin(), bytes.value().end());
  };
  const std::vector<uint8_t> first = copy(encoder.Encode(small.view(), 80));
  const std::vector<uint8_t> middle = copy(encoder.Encode(large.view(), 100));
  EXPECT_EQ(copy(encoder.Encode(small.view(), 80)), first);
  EXPECT_EQ(copy(encoder.Encode(large.view(), 100)), middle);
  EXPECT_GT(middle.size(), first.size());
}

TEST(JpegEncoder, RefusesWhatItCannotEncode) {
  JpegEncoder encoder;
  const YuvImage yuv = Smooth(32, 24, kLimited601);
  for (const int quality : {0, 101, -5}) {
    EXPECT_EQ(encoder.Encode(yuv.view(), quality).error().code(), ErrorCode::kInvalidInput) << quality;
  }
  EXPECT_EQ(encoder.Encode(yuv.view(), 101).error().message(), "JPEG quality is 101; expected 1..100");
  EXPECT_EQ(encoder.Encode(ConstImageView{}, 80).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(encoder.Encode(ConstYuvView{}, 80).error().code(), ErrorCode::kInvalidInput);
  for (const Rect rect : {Rect{-1, 0, 4, 4},
                          {0, -2, 4, 4},
                          {30, 0, 4, 4},
                          {0, 22, 4, 4},
                          {0, 0, 33, 4},
                          {4, 4, 0, 4},
                          {4, 4, 4, -4},
                          {2147483647, 0, 4, 4}}) {
    EXPECT_EQ(encoder.Encode(yuv.view(), rect, 80).error().code(), ErrorCode::kInvalidInput) << rect.x << "," << rect.y;
  }
  EXPECT_EQ(encoder.Encode(yuv.view(), {30, 0, 4, 4}, 80).error().message(),
            "JPEG: the rectangle [30, 0, 4 x 4] leaves the picture of 32x24");
  EXPECT_TRUE(encoder.Encode(yuv.view(), 80).ok()) << "usable after errors";
}

}  // namespace
}  // namespace lips
