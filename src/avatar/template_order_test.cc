#include "avatar/template_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <limits>
#include <vector>

namespace lips {
namespace {

std::vector<int64_t> Order(int64_t count, int64_t length, int64_t start, Loop loop) {
  std::vector<int64_t> frames;
  for (int64_t n = 0; n < count; ++n) frames.push_back(TemplateFrame(n, length, start, loop));
  return frames;
}

TEST(TemplateFrame, PingPongTurnsWithoutRepeatingTheEnds) {
  EXPECT_EQ(Order(9, 4, 0, Loop::kPingPong), (std::vector<int64_t>{0, 1, 2, 3, 2, 1, 0, 1, 2}));
}

TEST(TemplateFrame, StartsWhereTheReferenceStarts) {
  EXPECT_EQ(Order(9, 4, 1, Loop::kPingPong), (std::vector<int64_t>{1, 2, 3, 2, 1, 0, 1, 2, 3}));
}

TEST(TemplateFrame, ForwardWrapsToTheFirstFrame) {
  EXPECT_EQ(Order(7, 3, 1, Loop::kForward), (std::vector<int64_t>{1, 2, 0, 1, 2, 0, 1}));
}

TEST(TemplateFrame, ASingleFrameStaysPut) {
  EXPECT_EQ(Order(3, 1, 5, Loop::kPingPong), (std::vector<int64_t>{0, 0, 0}));
  EXPECT_EQ(Order(3, 1, -5, Loop::kForward), (std::vector<int64_t>{0, 0, 0}));
}

RC_GTEST_PROP(TemplateFrame, StaysInRangeForAnyNumbers, (int64_t any_n, int64_t start)) {
  const int64_t n = any_n < 0 ? -(any_n + 1) : any_n;
  const int64_t length = *rc::gen::inRange<int64_t>(1, 1000);
  for (const Loop loop : {Loop::kPingPong, Loop::kForward}) {
    const int64_t frame = TemplateFrame(n, length, start, loop);
    RC_ASSERT(frame >= 0 && frame < length);
  }
}

TEST(TemplateFrame, TheLargestNumbersDoNotOverflow) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const int64_t start : {kMin, kMax}) {
    const int64_t frame = TemplateFrame(kMax, 523, start, Loop::kPingPong);
    EXPECT_GE(frame, 0);
    EXPECT_LT(frame, 523);
  }
}

// The picture never jumps: neighbours in time are neighbours in the template, across every turn.
RC_GTEST_PROP(TemplateFrame, PingPongIsSeamless, ()) {
  const int64_t length = *rc::gen::inRange<int64_t>(2, 600);
  const int64_t n = *rc::gen::inRange<int64_t>(0, 1 << 20);
  const int64_t start = *rc::gen::inRange<int64_t>(-2000, 2000);
  RC_ASSERT(std::abs(TemplateFrame(n + 1, length, start, Loop::kPingPong) -
                     TemplateFrame(n, length, start, Loop::kPingPong)) == 1);
}

}  // namespace
}  // namespace lips
