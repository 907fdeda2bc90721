#include "train/schedule.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(PlanAt, GoesThroughTheStagesInOrder) {
  for (const bool more : {false, true}) {
    const ScheduleOptions options = {.has_mouth = true, .has_more_sound = more};
    int last = -1;
    for (int k = 0; k < 100; ++k) {
      const double progress = 0.01 * k;
      const int stage = static_cast<int>(PlanAt(progress, 1000, options).stage);
      EXPECT_TRUE(stage == last || stage == last + 1) << progress;
      last = stage;
    }
    EXPECT_EQ(last, static_cast<int>(Stage::kFace));
  }
}

TEST(PlanAt, BeginsWithPicturesWhereTheMouthIsUnknown) {
  EXPECT_EQ(PlanAt(0, 0, {.has_mouth = false}).stage, Stage::kMouth);
  EXPECT_GT(PlanAt(0, 0, {.has_mouth = false}).pictures, 0);
  EXPECT_EQ(PlanAt(0, 0, {.has_mouth = true}).pictures, 0);
}

TEST(PlanAt, HearsToTheEndWhereNothingIsToBeDrawn) {
  for (const bool more : {false, true}) {
    const ScheduleOptions options = {.has_mouth = true, .has_more_sound = more, .sound_share = 1, .peak_rate = 1e-3};
    double last = 1;
    for (int k = 0; k < 100; ++k) {
      const StagePlan plan = PlanAt(0.01 * k, 1000, options);
      EXPECT_EQ(plan.stage, Stage::kSound) << k;
      EXPECT_LE(plan.learning_rate, last) << k;
      last = plan.learning_rate;
    }
    EXPECT_LT(last, 0.02e-3);
  }
  EXPECT_EQ(PlanAt(0.99, 1000, {.has_mouth = true, .sound_share = 0.6}).stage, Stage::kFace);
}

TEST(PlanAt, OnlyDrawsWhereHearingIsKept) {
  for (int k = 0; k < 20; ++k) {
    const StagePlan plan = PlanAt(0.05 * k, 1000, {.has_mouth = true, .has_more_sound = true, .keep_hearing = true});
    EXPECT_GT(plan.pictures, 0) << k;
    EXPECT_EQ(plan.more_runs, 0) << k;
    EXPECT_EQ(plan.hearing_share, 0) << k;
    EXPECT_EQ(plan.stage, k < 15 ? Stage::kFolded : Stage::kFace) << k;
  }
}

TEST(PlanAt, ShowsWholeFacesOfFilmedPeopleAllAlong) {
  EXPECT_TRUE(PlanAt(0.05, 100, {.filmed = true}).whole);
  EXPECT_FALSE(PlanAt(0.05, 100, {.filmed = false}).whole);
  EXPECT_LT(PlanAt(0.05, 100, {.filmed = true}).runs, PlanAt(0.05, 100, {.filmed = false}).runs);
  EXPECT_TRUE(PlanAt(0.5, 100, {.filmed = true}).whole);
  EXPECT_FALSE(PlanAt(0.5, 101, {.filmed = true}).whole) << "the mouth is looked at closely in every other step";
  EXPECT_FALSE(PlanAt(0.5, 100, {.filmed = false}).whole);
  EXPECT_TRUE(PlanAt(0.9, 100, {.filmed = true}).whole);
  EXPECT_TRUE(PlanAt(0.9, 100, {.filmed = false}).whole);
}

TEST(PlanAt, WarmsUpAndThenOnlySlowsDown) {
  const ScheduleOptions options = {.has_mouth = true, .peak_rate = 1e-3};
  EXPECT_LT(PlanAt(0, 0, options).learning_rate, 1e-4);
  double last = 1e-3;
  for (int k = 0; k < 100; ++k) {
    const double progress = 0.01 * k;
    const double rate = PlanAt(progress, 1000, options).learning_rate;
    EXPECT_LE(rate, last + 1e-12) << progress;
    EXPECT_GT(rate, 0);
    last = rate;
  }
  EXPECT_LT(last, 1e-4);
}

TEST(PlanAt, HearsMoreSoundInEveryStageAndLongerAlone) {
  const ScheduleOptions options = {.has_mouth = true, .has_more_sound = true, .peak_rate = 1e-3};
  for (int k = 0; k < 20; ++k) {
    const double progress = 0.05 * k;
    EXPECT_GT(PlanAt(progress, 1000, options).more_runs, 0) << progress;
    EXPECT_EQ(PlanAt(progress, 1000, {.has_mouth = true}).more_runs, 0) << progress;
  }
  EXPECT_EQ(PlanAt(0.2, 1000, options).stage, Stage::kSound);
  EXPECT_NE(PlanAt(0.2, 1000, {.has_mouth = true}).stage, Stage::kSound);
  EXPECT_LT(PlanAt(0.29, 1000, options).learning_rate, 0.2e-3) << "it ends slowly, then pictures begin at the peak";
  EXPECT_GT(PlanAt(0.31, 1000, options).learning_rate, 0.9e-3);
}

TEST(PlanAt, KeepsAnEarThatKnowsMoreSoundWhileItDraws) {
  const ScheduleOptions options = {.has_mouth = true, .has_more_sound = true, .peak_rate = 1e-3};
  EXPECT_EQ(PlanAt(0.1, 1000, options).hearing_share, 1);
  const StagePlan last = PlanAt(0.2999, 1000, options), next = PlanAt(0.3001, 1000, options);
  EXPECT_NEAR(next.learning_rate * next.hearing_share, last.learning_rate, 1e-6) << "it goes on as it ended";
  EXPECT_EQ(PlanAt(0.5, 1000, {.has_mouth = true}).hearing_share, 1) << "pictures have to teach it";
}

TEST(PlanAt, TakesAsLongForSoundAsItIsToldAndAsManyRuns) {
  const ScheduleOptions options = {.has_mouth = true, .has_more_sound = true, .sound_share = 0.5, .batch = 8};
  EXPECT_EQ(PlanAt(0.49, 1000, options).stage, Stage::kSound);
  EXPECT_EQ(PlanAt(0.51, 1000, options).stage, Stage::kMouth);
  EXPECT_EQ(PlanAt(0.7, 1000, options).stage, Stage::kFolded);
  const ScheduleOptions single = {.has_mouth = true, .has_more_sound = true, .sound_share = 0.5};
  for (const double progress : {0.2, 0.6, 0.9}) {
    EXPECT_EQ(PlanAt(progress, 0, options).runs, 8 * PlanAt(progress, 0, single).runs);
    EXPECT_EQ(PlanAt(progress, 0, options).more_runs, 8 * PlanAt(progress, 0, single).more_runs);
  }
}

TEST(PlanAt, DrawsNoMorePicturesThanItHears) {
  for (int k = 0; k < 20; ++k) {
    const double progress = 0.05 * k;
    const StagePlan plan = PlanAt(progress, 10, {.has_mouth = true});
    EXPECT_LE(plan.pictures, plan.run_frames);
  }
}

}  // namespace
}  // namespace lips
