#include "tests/testdata/person.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lips::testdata {
namespace {

constexpr int kWidth = 480;
constexpr int kHeight = 360;

Image Draw(const Pose& pose) {
  Image image(kWidth, kHeight);
  DrawPerson(pose, 1, image.view());
  return image;
}

// Mean red minus mean green of the pixels around a landmark.
double Redness(ConstImageView image, Landmark at) {
  double sum = 0;
  for (int y = -1; y <= 1; ++y) {
    for (int x = -1; x <= 1; ++x) {
      const uint8_t* p = image.Row(static_cast<int>(at.y) + y) + 3 * (static_cast<int>(at.x) + x);
      sum += p[2] - p[1];
    }
  }
  return sum / 9;
}

TEST(Person, IsTheSameEveryTime) {
  const Image a = Draw(TemplatePose(33, 5));
  const Image b = Draw(TemplatePose(33, 5));
  EXPECT_TRUE(std::equal(a.view().data, a.view().data + 3 * kWidth * kHeight, b.view().data));
}

TEST(Person, HasAFaceRectangleInsideTheFrameAtEveryMoment) {
  for (int64_t frame = 0; frame < 500; ++frame) {
    const std::vector<Landmark> points = PersonLandmarks(TemplatePose(frame, 7), kWidth, kHeight);
    ASSERT_EQ(points.size(), 110U);
    const int x1 = static_cast<int>(points[1].x);
    const int x2 = static_cast<int>(points[31].x);
    const int y1 = static_cast<int>(points[52].y);
    ASSERT_GE(x1, 0);
    ASSERT_LE(x2, kWidth);
    ASSERT_GE(y1, 0);
    ASSERT_GT(x2 - x1, kHeight / 3);
    ASSERT_LE(y1 + x2 - x1, kHeight);
    const double chin = points[16].y;
    EXPECT_GT(chin, y1);
    EXPECT_LT(chin, y1 + x2 - x1);  // the whole mouth region lies in the rectangle
  }
}

TEST(Person, WearsTheLipsWhereTheLandmarksSay) {
  const Pose pose = TemplatePose(40, 7);
  const Image image = Draw(pose);
  const std::vector<Landmark> points = PersonLandmarks(pose, kWidth, kHeight);
  const Landmark upper = points[89];
  const Landmark lower = points[99];
  const Landmark lips = {(upper.x + lower.x) / 2, (upper.y + lower.y) / 2};
  const Landmark chin = {points[16].x, points[16].y - 0.04 * kHeight};
  EXPECT_GT(Redness(image.view(), lips), 1.5 * Redness(image.view(), chin));
}

TEST(Person, OpensTheMouthAndBlinks) {
  Pose pose;
  const std::vector<Landmark> shut = PersonLandmarks(pose, kWidth, kHeight);
  const Image neutral = Draw(pose);
  pose.open = 1;
  const std::vector<Landmark> open = PersonLandmarks(pose, kWidth, kHeight);
  EXPECT_GT(open[99].y - open[89].y, shut[99].y - shut[89].y + 0.04 * kHeight);
  EXPECT_GT(open[16].y, shut[16].y);  // the jaw drops
  pose.open = 0;
  pose.blink = 1;
  const Image blinking = Draw(pose);
  const Landmark pupil = shut[104];
  const auto brightness = [&](const Image& image) {
    const uint8_t* p = image.view().Row(static_cast<int>(pupil.y)) + 3 * static_cast<int>(pupil.x);
    return p[0] + p[1] + p[2];
  };
  EXPECT_GT(brightness(blinking), brightness(neutral) + 60);  // a lid over the black pupil
}

}  // namespace
}  // namespace lips::testdata
