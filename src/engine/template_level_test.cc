#include "engine/template_level.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

constexpr size_t kGiga = size_t{1} << 30;

TEST(TemplateLevel, IsTheHighestThatFits) {
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kF32, 100, 4 * kGiga), TemplateLevel::kExpanded);
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kBf16, 200, 4 * kGiga), TemplateLevel::kExpanded);
  EXPECT_EQ(ChooseTemplateLevel(160, Precision::kF32, 500, 4 * kGiga), TemplateLevel::kExpanded);
}

TEST(TemplateLevel, KeepsLessOfMoreFacesWhereTheBudgetIsShort) {
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kF32, 523, 3 * kGiga), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kF32, 523, kGiga / 2), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kF32, 100000, 1), TemplateLevel::kDeep);
}

TEST(TemplateLevel, SmallerNumbersLeaveRoomForMore) {
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kF32, 523, 4 * kGiga), TemplateLevel::kDeep);
  EXPECT_EQ(ChooseTemplateLevel(320, Precision::kInt8, 523, 4 * kGiga), TemplateLevel::kExpanded);
}

}  // namespace
}  // namespace lips
