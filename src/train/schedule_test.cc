#include "train/schedule.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(PlanAt, GoesThroughTheStagesInOrder) {
  const ScheduleOptions options = {.has_mouth = true};
  int last = -1;
  for (double progress = 0; progress < 1; progress += 0.01) {
    const int stage = static_cast<int>(PlanAt(progress, 1000, options).stage);
    EXPECT_TRUE(stage == last || stage == last + 1) << progress;
    last = stage;
  }
  EXPECT_EQ(last, static_cast<int>(Stage::kFace));
}

TEST(PlanAt, BeginsWithPicturesWhereTheMouthIsUnknown) {
  EXPECT_EQ(PlanAt(0, 0, {.has_mouth = false}).stage, Stage::kMouth);
  EXPECT_GT(PlanAt(0, 0, {.has_mouth = false}).pictures, 0);
  EXPECT_EQ(PlanAt(0, 0, {.has_mouth = true}).pictures, 0);
}

TEST(PlanAt, WarmsUpAndThenOnlySlowsDown) {
  const ScheduleOptions options = {.has_mouth = true, .peak_rate = 1e-3};
  EXPECT_LT(PlanAt(0, 0, options).learning_rate, 1e-4);
  double last = 1e-3;
  for (double progress = 0; progress < 1; progress += 0.01) {
    const double rate = PlanAt(progress, 1000, options).learning_rate;
    EXPECT_LE(rate, last + 1e-12) << progress;
    EXPECT_GT(rate, 0);
    last = rate;
  }
  EXPECT_LT(last, 1e-4);
}

TEST(PlanAt, DrawsNoMorePicturesThanItHears) {
  for (double progress = 0; progress < 1; progress += 0.05) {
    const StagePlan plan = PlanAt(progress, 10, {.has_mouth = true});
    EXPECT_LE(plan.pictures, plan.run_frames);
  }
}

}  // namespace
}  // namespace lips
