#include "image/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <opencv2/imgproc.hpp>

#include "image/random_picture.h"

namespace lips {
namespace {

cv::Mat Wrap(ConstImageView view) {  // read only, although cv::Mat cannot say so
  return {view.height, view.width, CV_8UC3, const_cast<uint8_t*>(view.data), static_cast<size_t>(view.stride_bytes)};
}

struct Difference {
  int max = 0;
  size_t differing = 0;
};

Difference AgainstOpenCv(ConstImageView from, ConstImageView ours) {
  cv::Mat theirs;
  cv::resize(Wrap(from), theirs, cv::Size(ours.width, ours.height), 0, 0, cv::INTER_CUBIC);
  Difference d;
  for (int y = 0; y < ours.height; ++y) {
    for (int x = 0; x < 3 * ours.width; ++x) {
      const int difference = std::abs(ours.Row(y)[x] - theirs.ptr(y)[x]);
      d.max = std::max(d.max, difference);
      d.differing += difference != 0 ? 1 : 0;
    }
  }
  return d;
}

Difference Compare(std::mt19937& rng, int width, int height, int to_width, int to_height) {
  const Image from = RandomPicture(rng, width, height);
  Image to(to_width, to_height);
  ResizeCubic(from.view(), to.view());
  return AgainstOpenCv(from.view(), to.view());
}

// OpenCV's vector code goes down the columns in float and rounds ties to even, so it may depart by a level from its
// own integer definition, which is ours. That must stay as rare as near-ties are.
TEST(ResizeCubic, EqualsOpenCvForAnySizes) {
  std::mt19937 rng(3);
  size_t differing = 0, samples = 0;
  for (int i = 0; i < 400; ++i) {
    const int size[4] = {1 + static_cast<int>(rng() % 70), 1 + static_cast<int>(rng() % 70),
                         1 + static_cast<int>(rng() % 90), 1 + static_cast<int>(rng() % 90)};
    const Difference d = Compare(rng, size[0], size[1], size[2], size[3]);
    ASSERT_LE(d.max, 1) << size[0] << 'x' << size[1] << " -> " << size[2] << 'x' << size[3];
    differing += d.differing;
    samples += static_cast<size_t>(3 * size[2] * size[3]);
  }
  std::printf("%zu of %zu samples differ, by one level\n", differing, samples);
  EXPECT_LT(static_cast<double>(differing), 1e-3 * static_cast<double>(samples));
}

TEST(ResizeCubic, EqualsOpenCvForTheSizesOfTheTask) {
  std::mt19937 rng(4);
  size_t differing = 0, samples = 0;
  for (int side = 173; side <= 189; ++side) {
    for (const auto& [from, to] : {std::pair{side, 328}, {328, side}}) {
      const Difference d = Compare(rng, from, from, to, to);
      EXPECT_LE(d.max, 1) << from << " -> " << to;
      EXPECT_LE(d.differing, 30u) << from << " -> " << to;
      differing += d.differing;
      samples += static_cast<size_t>(3 * to * to);
    }
  }
  std::printf("%zu of %zu samples differ, by one level\n", differing, samples);
}

TEST(ResizeCubic, EqualsOpenCvForExtremeSizes) {
  std::mt19937 rng(5);
  for (const auto& [width, height, to_width, to_height] : {std::array{1, 1, 1, 1},
                                                           {1, 1, 300, 200},
                                                           {300, 200, 1, 1},
                                                           {2, 1, 97, 5},
                                                           {1, 500, 3, 2},
                                                           {500, 1, 2, 3},
                                                           {3, 3, 1000, 1},
                                                           {1280, 720, 7, 9}}) {
    const Difference d = Compare(rng, width, height, to_width, to_height);
    EXPECT_LE(d.max, 1) << width << 'x' << height << " -> " << to_width << 'x' << to_height;
  }
}

// Column x is 4 x, so a value tells where it came from.
TEST(ResizeCubic, OfAPartBetweenPixelsComesFromThere) {
  Image ramp(60, 8), to(20, 8);
  for (int y = 0; y < 8; ++y) {
    for (int i = 0; i < 180; ++i) ramp.view().Row(y)[i] = static_cast<uint8_t>(4 * (i / 3));
  }
  const auto first_row = [&](const Place& part) {
    CubicResizer resizer(1, 1, 1, 1);
    resizer.Reset(60, 8, part, 20, 8);
    resizer.Run(std::as_const(ramp).view(), to.view());
    return to.view().Row(0);
  };
  const uint8_t* row = first_row({7.5, 0, 20, 8});
  for (int x = 0; x < 20; ++x) EXPECT_EQ(row[3 * x], 4 * (7 + x) + 2) << x;
  row = first_row({10, 0, 40, 8});
  for (int x = 0; x < 20; ++x) EXPECT_EQ(row[3 * x], 4 * (10 + 2 * x) + 2) << x;
}

TEST(ResizeCubic, BeyondTheSourceItsEdgeGoesOn) {
  std::mt19937 rng(9);
  const Image from = RandomPicture(rng, 11, 7);
  Image to(40, 30);
  CubicResizer resizer(1, 1, 1, 1);
  resizer.Reset(11, 7, {-15.25, -12, 40, 30}, 40, 30);
  resizer.Run(from.view(), to.view());
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(to.view().Row(0)[c], from.view().Row(0)[c]);
    EXPECT_EQ(to.view().Row(29)[3 * 39 + c], from.view().Row(6)[3 * 10 + c]);
    EXPECT_EQ(to.view().Row(12 + 3)[c], from.view().Row(3)[c]);
  }
}

TEST(ResizeCubic, OfTheSameSizeIsACopy) {
  std::mt19937 rng(6);
  const Image from = RandomPicture(rng, 37, 21);
  Image to(37, 21);
  ResizeCubic(from.view(), to.view());
  EXPECT_TRUE(std::equal(from.view().data, from.view().data + 37 * 21 * 3, to.view().data));
}

TEST(ResizeCubic, OfOneColourIsThatColour) {
  for (const int value : {0, 1, 127, 254, 255}) {
    Image from(13, 9), to(29, 5);
    std::fill_n(from.view().data, 13 * 9 * 3, static_cast<uint8_t>(value));
    ResizeCubic(from.view(), to.view());
    for (int i = 0; i < 29 * 5 * 3; ++i) ASSERT_EQ(to.view().data[i], value);
  }
}

// The compositor resizes out of a crop into the middle of a frame.
TEST(CubicResizer, ReadsAndWritesOnlyItsViews) {
  std::mt19937 rng(7);
  Image outer_from = RandomPicture(rng, 60, 50);
  const Rect from_rect = {7, 5, 41, 33}, to_rect = {3, 9, 23, 29};
  Image inner(41, 33);
  CopyPixels(outer_from.view().Crop(from_rect), inner.view());
  Image want(23, 29);
  ResizeCubic(inner.view(), want.view());

  Image frame = RandomPicture(rng, 30, 40);
  const Image before = frame.Clone();
  CubicResizer(41, 33, 23, 29).Run(outer_from.view().Crop(from_rect), frame.view().Crop(to_rect));
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 90; ++x) {
      const bool inside = x >= 9 && x < 78 && y >= 9 && y < 38;
      ASSERT_EQ(frame.view().Row(y)[x], inside ? want.view().Row(y - 9)[x - 9] : before.view().Row(y)[x])
          << x << ' ' << y;
    }
  }
}

TEST(CubicResizer, ResetIsANewResizer) {
  std::mt19937 rng(8);
  CubicResizer reused(5, 5, 5, 5);
  for (const auto& [width, height, to_width, to_height] :
       {std::array{30, 20, 17, 40}, {30, 20, 17, 9}, {30, 50, 18, 9}, {8, 50, 18, 9}, {328, 328, 182, 182}}) {
    const Image from = RandomPicture(rng, width, height);
    Image want(to_width, to_height), got(to_width, to_height);
    ResizeCubic(from.view(), want.view());
    reused.Reset(width, height, to_width, to_height);
    for (int run = 0; run < 2; ++run) {  // the second run finds the first one's rows in the ring
      reused.Run(from.view(), got.view());
      ASSERT_EQ(AgainstOpenCv(from.view(), got.view()).differing, AgainstOpenCv(from.view(), want.view()).differing);
      ASSERT_TRUE(std::equal(want.view().data, want.view().data + 3 * to_width * to_height, got.view().data));
    }
  }
}

}  // namespace
}  // namespace lips
