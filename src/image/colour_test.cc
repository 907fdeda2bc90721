#include "image/colour.h"

#include <gtest/gtest.h>

extern "C" {
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>

#include "image/random_picture.h"
#include "image/video_pipe.h"

namespace lips {
namespace {

constexpr YuvFormat kFormats[] = {{YuvMatrix::kBt601, YuvRange::kLimited},
                                  {YuvMatrix::kBt601, YuvRange::kFull},
                                  {YuvMatrix::kBt709, YuvRange::kLimited},
                                  {YuvMatrix::kBt709, YuvRange::kFull}};

std::string Describe(YuvFormat format) {
  return std::string(format.matrix == YuvMatrix::kBt601 ? "BT.601 " : "BT.709 ") +
         (format.range == YuvRange::kLimited ? "limited" : "full");
}

// What a program gets that asks FFmpeg for bgr24 the way OpenCV does.
Image SwscaleBgr(ConstYuvView from) {
  const int width = from.width(), height = from.height();
  const std::unique_ptr<SwsContext, decltype(&sws_freeContext)> context(
      sws_getContext(width, height, AV_PIX_FMT_YUV420P, width, height, AV_PIX_FMT_BGR24, SWS_BICUBIC, nullptr, nullptr,
                     nullptr),
      &sws_freeContext);
  const int* coefficients =
      sws_getCoefficients(from.format.matrix == YuvMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  sws_setColorspaceDetails(context.get(), coefficients, from.format.range == YuvRange::kFull ? 1 : 0, coefficients, 1,
                           0, 1 << 16, 1 << 16);
  Image bgr(width, height + 1);  // swscale's vectors may write past the last row's end
  const uint8_t* planes[] = {from.y.data, from.u.data, from.v.data};
  const int strides[] = {static_cast<int>(from.y.stride_bytes), static_cast<int>(from.u.stride_bytes),
                         static_cast<int>(from.v.stride_bytes)};
  uint8_t* out[] = {bgr.view().data};
  const int out_strides[] = {3 * width};
  sws_scale(context.get(), planes, strides, 0, height, out, out_strides);
  return bgr;
}

TEST(YuvToBgr, EqualsSwscaleToTheBit) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "swscale rounds this way only in its x86 code";
#endif
  std::mt19937 rng(1);
  // Noise meets every clamping case. The sizes are even and of whole steps of 8 pixels: swscale gives other values in
  // the columns that are left over, and takes another way altogether for an odd height.
  for (const auto& [width, height] : {std::pair{1280, 720}, {328, 328}, {320, 320}}) {
    for (const YuvFormat format : kFormats) {
      SCOPED_TRACE(Describe(format) + " " + std::to_string(width) + "x" + std::to_string(height));
      const YuvImage yuv = RandomYuv(rng, width, height, format);
      const Image want = SwscaleBgr(yuv.view());
      Image got(width, height);
      YuvToBgr(yuv.view(), got.view());
      EXPECT_TRUE(std::equal(want.view().data, want.view().data + 3 * width * height, got.view().data));
    }
  }
}

TEST(YuvToBgr, OfARectIsTheCropOfTheWhole) {
  std::mt19937 rng(2);
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 5}, {64, 48}, {131, 33}}) {
    const YuvImage yuv = RandomYuv(rng, width, height, kFormats[rng() % 4]);
    Image whole(width, height);
    YuvToBgr(yuv.view(), whole.view());
    for (int i = 0; i < 60; ++i) {
      Rect rect;
      rect.x = static_cast<int>(rng() % static_cast<unsigned>(width));
      rect.y = static_cast<int>(rng() % static_cast<unsigned>(height));
      rect.width = static_cast<int>(rng() % static_cast<unsigned>(width - rect.x + 1));
      rect.height = static_cast<int>(rng() % static_cast<unsigned>(height - rect.y + 1));
      Image part(rect.width, rect.height);
      YuvToBgr(yuv.view(), rect, part.view());
      for (int y = 0; y < rect.height; ++y) {
        const uint8_t* want = whole.view().Row(rect.y + y) + 3 * rect.x;
        ASSERT_TRUE(std::equal(want, want + 3 * rect.width, part.view().Row(y)))
            << rect.x << ' ' << rect.y << ' ' << rect.width << ' ' << rect.height << " row " << y;
      }
    }
  }
}

// The whole way of the reference's pictures: FFmpeg's decoder and FFmpeg's conversion, by FFmpeg's own program.
TEST(YuvToBgr, EqualsFfmpegsBgr24OfARealVideoToTheBit) {
  const std::filesystem::path folder = SandersFolder();
  if (folder.empty()) GTEST_SKIP() << kNoSanders;
  constexpr int kFrames = 24;
  VideoPipe yuv_frames(folder / "full_body_video.mp4", kFrames, "yuv420p");
  VideoPipe bgr_frames(folder / "full_body_video.mp4", kFrames, "bgr24");
  YuvImage yuv(kSandersWidth, kSandersHeight, kFormats[0]);
  Image got(kSandersWidth, kSandersHeight), want(kSandersWidth, kSandersHeight);
  for (int i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(yuv_frames.Read(yuv.view().y.data, yuv.bytes()));
    ASSERT_TRUE(bgr_frames.Read(want.view().data, size_t{3} * kSandersWidth * kSandersHeight));
    YuvToBgr(yuv.view(), got.view());
    ASSERT_TRUE(std::equal(want.view().data, want.view().data + 3 * kSandersWidth * kSandersHeight, got.view().data))
        << "frame " << i;
  }
}

// The standard's matrix in real numbers.
std::tuple<double, double, double> ExactYuv(YuvFormat format, double b, double g, double r) {
  const bool is_709 = format.matrix == YuvMatrix::kBt709;
  const double kr = is_709 ? 0.2126 : 0.299, kb = is_709 ? 0.0722 : 0.114;
  const bool full = format.range == YuvRange::kFull;
  const double y = kr * r + (1 - kr - kb) * g + kb * b;
  return {full ? y : 16 + y * 219 / 255, 128 + (b - y) / (2 - 2 * kb) * (full ? 1 : 224.0 / 255),
          128 + (r - y) / (2 - 2 * kr) * (full ? 1 : 224.0 / 255)};
}

TEST(BgrToYuv, IsTheStandardsMatrixRounded) {
  std::mt19937 rng(3);
  constexpr double kTolerance = 0.52;  // half a level, and the factors' own rounding
  for (const YuvFormat format : kFormats) {
    for (const auto& [width, height] : {std::pair{1, 1}, {2, 2}, {35, 7}, {66, 4}}) {
      SCOPED_TRACE(Describe(format) + " " + std::to_string(width) + "x" + std::to_string(height));
      const Image bgr = RandomPicture(rng, width, height);
      YuvImage yuv(width, height, format);
      BgrToYuv(bgr.view(), yuv.view());
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const uint8_t* p = bgr.view().Row(y) + 3 * x;
          ASSERT_NEAR(yuv.view().y.Row(y)[x], std::get<0>(ExactYuv(format, p[0], p[1], p[2])), kTolerance);
        }
      }
      for (int y = 0; y < (height + 1) / 2; ++y) {
        for (int x = 0; x < (width + 1) / 2; ++x) {
          double sum[3] = {};
          int count = 0;
          for (int j = 2 * y; j < std::min(2 * y + 2, height); ++j) {
            for (int i = 2 * x; i < std::min(2 * x + 2, width); ++i, ++count) {
              for (int c = 0; c < 3; ++c) sum[c] += bgr.view().Row(j)[3 * i + c];
            }
          }
          const auto [luma, u, v] = ExactYuv(format, sum[0] / count, sum[1] / count, sum[2] / count);
          ASSERT_NEAR(yuv.view().u.Row(y)[x], std::min(u, 255.0), kTolerance);
          ASSERT_NEAR(yuv.view().v.Row(y)[x], std::min(v, 255.0), kTolerance);
        }
      }
    }
  }
}

TEST(BgrToYuv, KeepsGreyGrey) {
  for (const YuvFormat format : kFormats) {
    SCOPED_TRACE(Describe(format));
    for (int grey = 0; grey < 256; ++grey) {
      const uint8_t pixel[3] = {static_cast<uint8_t>(grey), static_cast<uint8_t>(grey), static_cast<uint8_t>(grey)};
      YuvImage yuv(1, 1, format);
      BgrToYuv(ConstImageView{pixel, 1, 1, 3}, yuv.view());
      EXPECT_EQ(yuv.view().u.data[0], 128);
      EXPECT_EQ(yuv.view().v.data[0], 128);
      const bool limited = format.range == YuvRange::kLimited;
      EXPECT_EQ(yuv.view().y.data[0], std::lround(limited ? 16 + grey * 219 / 255.0 : grey)) << grey;
    }
  }
}

TEST(YuvToBgr, OfBgrToYuvComesBackWithinTheRoundingOfBoth) {
  for (const YuvFormat format : kFormats) {
    SCOPED_TRACE(Describe(format));
    std::mt19937 rng(4);
    int worst = 0;
    for (int i = 0; i < 20000; ++i) {
      uint8_t in[3], out[3];
      FillRandom(rng, in, 3);
      YuvImage yuv(1, 1, format);
      BgrToYuv(ConstImageView{in, 1, 1, 3}, yuv.view());
      YuvToBgr(yuv.view(), ImageView{out, 1, 1, 3});
      for (int c = 0; c < 3; ++c) worst = std::max(worst, std::abs(in[c] - out[c]));
    }
    EXPECT_LE(worst, 4);
  }
}

TEST(FullToLimited, IsTheExactScaleRoundedAndWorksInPlace) {
  for (int value = 0; value < 256; ++value) {
    YuvImage yuv(1, 1, {YuvMatrix::kBt709, YuvRange::kFull});
    YuvView full = yuv.view();
    full.y.data[0] = full.u.data[0] = full.v.data[0] = static_cast<uint8_t>(value);
    YuvView limited = full;
    limited.format.range = YuvRange::kLimited;
    FullToLimited(full, limited);
    EXPECT_NEAR(limited.y.data[0], 16 + value * 219 / 255.0, 0.5) << value;
    EXPECT_NEAR(limited.u.data[0], 128 + (value - 128) * 224 / 255.0, 0.5) << value;
    EXPECT_EQ(limited.u.data[0], limited.v.data[0]) << value;
  }
}

TEST(LimitedToFull, IsTheExactScaleClippedAndUndoesFullToLimitedToOneLevel) {
  for (int value = 0; value < 256; ++value) {
    YuvImage yuv(1, 1, {YuvMatrix::kBt601, YuvRange::kLimited});
    YuvView limited = yuv.view();
    limited.y.data[0] = limited.u.data[0] = limited.v.data[0] = static_cast<uint8_t>(value);
    YuvView full = limited;
    full.format.range = YuvRange::kFull;
    LimitedToFull(limited, full);
    EXPECT_NEAR(full.y.data[0], std::clamp((value - 16) * 255 / 219.0, 0.0, 255.0), 0.5) << value;
    EXPECT_NEAR(full.u.data[0], std::clamp(128 + (value - 128) * 255 / 224.0, 0.0, 255.0), 0.5) << value;
    EXPECT_EQ(full.u.data[0], full.v.data[0]) << value;
    full.y.data[0] = static_cast<uint8_t>(value);
    FullToLimited(full, limited);
    LimitedToFull(limited, full);
    EXPECT_NEAR(full.y.data[0], value, 1) << value;
  }
}

}  // namespace
}  // namespace lips
