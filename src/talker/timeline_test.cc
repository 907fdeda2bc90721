#include "talker/timeline.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

constexpr FrameRate k25{25, 1};
constexpr FrameRate kNtsc{30000, 1001};

TEST(Timeline, AtTheFeatureRateFrameAndRowAreTheSame) {
  const Timeline time(1121, k25, 523, k25, 0, Loop::kPingPong);
  EXPECT_EQ(time.frames(), 1121);
  for (int64_t n = 0; n < time.frames(); ++n) {
    ASSERT_EQ(time.Heard(n).row, n);
    ASSERT_EQ(time.Heard(n).part, 0.0f);
    ASSERT_EQ(time.TemplateIndex(n), TemplateFrame(n, 523, 0, Loop::kPingPong));
  }
}

TEST(Timeline, OtherRatesKeepTheDuration) {
  EXPECT_EQ(Timeline(250, {50, 1}, 10, k25, 0, Loop::kForward).frames(), 500);
  EXPECT_EQ(Timeline(250, {24, 1}, 10, k25, 0, Loop::kForward).frames(), 240);
  EXPECT_EQ(Timeline(250, kNtsc, 10, k25, 0, Loop::kForward).frames(), 300);  // 299.7
  EXPECT_EQ(Timeline(1, {1, 1}, 1, k25, 0, Loop::kForward).frames(), 1);
}

TEST(Timeline, TheTemplateAdvancesAtItsOwnRate) {
  const Timeline doubled(100, {50, 1}, 1000, k25, 0, Loop::kForward);
  EXPECT_EQ(doubled.TemplateIndex(0), 0);
  EXPECT_EQ(doubled.TemplateIndex(1), 0);
  EXPECT_EQ(doubled.TemplateIndex(2), 1);
  EXPECT_EQ(doubled.Heard(197).row, 98);
  EXPECT_EQ(doubled.Heard(197).part, 0.5f);
  EXPECT_EQ(doubled.Heard(199).row, 99);
  EXPECT_EQ(doubled.Heard(199).part, 0.0f) << "nothing is heard beyond the last row";
}

TEST(Timeline, ADayOfNtscVideoDoesNotDrift) {
  const int64_t rows = int64_t{24} * 3600 * 25;
  const Timeline time(rows, kNtsc, 7, kNtsc, 3, Loop::kPingPong);
  const int64_t last = time.frames() - 1;
  EXPECT_EQ(time.Heard(last).row, rows - 1);
  EXPECT_EQ(time.TemplateIndex(last), TemplateFrame(last, 7, 3, Loop::kPingPong));
  for (int64_t n = 1; n < time.frames(); n += 9973) {
    const FeatureTime before = time.Heard(n - 1), here = time.Heard(n);
    ASSERT_GT(static_cast<double>(here.row) + static_cast<double>(here.part),
              static_cast<double>(before.row) + static_cast<double>(before.part));
  }
}

// Against a search through the frames, for both orders and rates below, at and above the template's.
TEST(Timeline, TheNextUseIsTheNextFrameThatShowsTheSamePicture) {
  for (const Loop loop : {Loop::kPingPong, Loop::kForward}) {
    for (const int64_t length : {1, 2, 3, 7}) {
      for (const FrameRate fps : {k25, FrameRate{50, 1}, FrameRate{10, 1}, kNtsc}) {
        for (const int64_t start : {0, 5, -3}) {
          const Timeline time(60, fps, length, k25, start, loop);
          for (int64_t n = 0; n < time.frames(); ++n) {
            int64_t expected = n + 1;
            while (expected < time.frames() && time.TemplateIndex(expected) != time.TemplateIndex(n)) ++expected;
            const auto found = time.NextUse(n);
            ASSERT_EQ(found.value_or(time.frames()), expected)
                << "frame " << n << ", length " << length << ", start " << start << ", " << fps.num << "/" << fps.den;
          }
        }
      }
    }
  }
}

// A picture that is shown in one pass of many must not cost a search through all of them.
TEST(Timeline, ALongVideoOfASkippedTemplateIsSearchedBriefly) {
  const Timeline time(int64_t{24} * 3600 * 25, {1, 1}, 2, {24, 1}, 0, Loop::kPingPong);
  EXPECT_EQ(time.NextUse(0), 1);  // 24 steps are 12 whole periods
}

}  // namespace
}  // namespace lips
