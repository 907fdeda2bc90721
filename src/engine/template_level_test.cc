#include "engine/template_level.h"

#include <gtest/gtest.h>

#include "base/memory.h"

namespace lips {
namespace {

constexpr size_t kGiga = size_t{1} << 30;

TEST(TemplateLevel, IsTheHighestThatFits) {
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kF32}, 100, 4 * kGiga), TemplateLevel::kExpanded);
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kBf16}, 200, 4 * kGiga), TemplateLevel::kExpanded);
  EXPECT_EQ(ChooseTemplateLevel(160, {.precision = Precision::kF32}, 500, 4 * kGiga), TemplateLevel::kExpanded);
}

TEST(TemplateLevel, KeepsLessOfMoreFacesWhereTheBudgetIsShort) {
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kF32}, 523, 3 * kGiga), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kF32}, 523, kGiga / 2), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kF32}, 100000, 1), TemplateLevel::kDeep);
}

TEST(TemplateLevel, SmallerNumbersLeaveRoomForMore) {
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kF32}, 523, 4 * kGiga), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, {.precision = Precision::kInt8}, 523, 4 * kGiga), TemplateLevel::kExpanded);
}

// Whatever the precision is called: engine cuda has one.
TEST(TemplateLevel, ADevicesNumbersAreHalfAsLarge) {
  EXPECT_EQ(ChooseTemplateLevel(320, {}, 250, 4 * kGiga), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, {.backend = Backend::kCuda}, 250, 4 * kGiga), TemplateLevel::kExpanded);
}

TEST(TemplateLevel, TheUsualBudgetIsAPartOfWhatIsFree) {
  for (const Backend backend : {Backend::kCpu, Backend::kCuda}) {
    EXPECT_GT(UsualTemplateBytes({.backend = backend}), 0);
    EXPECT_LE(UsualTemplateBytes({.backend = backend}), AvailableMemoryBytes() / 2);
  }
}

}  // namespace
}  // namespace lips
