#include "demo/motion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lips::demo {
namespace {

// The largest step of any quantity of the head between frame n and the next one, around the end.
float Step(const std::vector<Pose>& poses, size_t n) {
  const Pose& a = poses[n];
  const Pose& b = poses[(n + 1) % poses.size()];
  return std::max({std::abs(a.yaw - b.yaw), std::abs(a.pitch - b.pitch), std::abs(a.roll - b.roll),
                   std::abs(a.tx - b.tx), std::abs(a.ty - b.ty), std::abs(a.scale - b.scale),
                   0.1F * std::abs(a.brow - b.brow), 0.1F * std::abs(a.breath - b.breath)});
}

class IdleMotionOf : public ::testing::TestWithParam<int64_t> {};

TEST_P(IdleMotionOf, HasNoSeam) {
  for (const uint32_t seed : {1U, 2U, 77U}) {
    const std::vector<Pose> poses = IdleMotion(GetParam(), seed);
    ASSERT_EQ(std::ssize(poses), GetParam());
    float largest = 0;
    for (size_t n = 0; n + 1 < poses.size(); ++n) largest = std::max(largest, Step(poses, n));
    EXPECT_LE(Step(poses, poses.size() - 1), 1.05F * largest) << seed;
    EXPECT_EQ(poses.back().blink, 0) << seed;
    EXPECT_LT(std::abs(poses.back().gaze_x - poses.front().gaze_x), 0.1F) << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(Lengths, IdleMotionOf, ::testing::Values(100, 250, 301, 1000));

TEST(IdleMotion, BlinksAndLooksAroundWithinWhatCanBeDrawn) {
  const std::vector<Pose> poses = IdleMotion(750, 5);
  int64_t blinks = 0;
  for (size_t n = 1; n < poses.size(); ++n) {
    blinks += poses[n].blink >= 1 && poses[n - 1].blink < 1 ? 1 : 0;
    EXPECT_LT(std::abs(poses[n].yaw), 0.25F);
    EXPECT_LT(std::abs(poses[n].pitch), 0.15F);
    EXPECT_LE(std::abs(poses[n].gaze_x), 1);
  }
  EXPECT_GE(blinks, 5);  // 30 s
  EXPECT_LE(blinks, 20);
}

TEST(IdleMotion, FollowsTheSeedAlone) {
  const std::vector<Pose> once = IdleMotion(120, 9);
  const std::vector<Pose> again = IdleMotion(120, 9);
  EXPECT_EQ(std::memcmp(once.data(), again.data(), once.size() * sizeof(Pose)), 0);
  EXPECT_NE(IdleMotion(120, 10)[60].yaw, once[60].yaw);
}

TEST(IdleMotion, OfOneFrameIsAPose) { EXPECT_EQ(IdleMotion(1, 1).size(), 1U); }

}  // namespace
}  // namespace lips::demo
