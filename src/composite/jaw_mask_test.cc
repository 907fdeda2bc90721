#include "composite/jaw_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace lips {
namespace {

class JawMaskTest : public testing::TestWithParam<int> {
 protected:
  int size() const { return GetParam(); }
  uint8_t At(int x, int y) const {
    return mask_[static_cast<size_t>(y) * static_cast<size_t>(size()) + static_cast<size_t>(x)];
  }
  // At fractions of the side.
  uint8_t AtPart(double x, double y) const { return At(static_cast<int>(x * size()), static_cast<int>(y * size())); }
  const std::vector<uint8_t> mask_ = JawMask(GetParam());
};

TEST_P(JawMaskTest, IsMirrorSymmetric) {
  ASSERT_EQ(mask_.size(), static_cast<size_t>(size()) * static_cast<size_t>(size()));
  for (int y = 0; y < size(); ++y) {
    for (int x = 0; x < size(); ++x) ASSERT_EQ(At(x, y), At(size() - 1 - x, y)) << x << ',' << y;
  }
}

TEST_P(JawMaskTest, IsZeroOnTheBorder) {
  for (int i = 0; i < size(); ++i) {
    for (const uint8_t weight : {At(i, 0), At(i, size() - 1), At(0, i), At(size() - 1, i)}) EXPECT_EQ(weight, 0);
  }
}

TEST_P(JawMaskTest, UsesBetweenAThirdAndThreeFifthsOfThePicture) {
  const auto used = std::ranges::count_if(mask_, [](uint8_t weight) { return weight != 0; });
  const double part = static_cast<double>(used) / static_cast<double>(mask_.size());
  EXPECT_GT(part, 0.35);
  EXPECT_LT(part, 0.60);
}

TEST_P(JawMaskTest, CoversMouthAndChinButNotTheNose) {
  EXPECT_EQ(AtPart(0.5, 0.42), 255);   // mouth
  EXPECT_EQ(AtPart(0.33, 0.42), 255);  // its corners
  EXPECT_EQ(AtPart(0.5, 0.75), 255);   // chin
  EXPECT_EQ(AtPart(0.5, 0.79), 255);   // ... of an open mouth
  EXPECT_EQ(AtPart(0.5, 0.15), 0);     // nose tip
  EXPECT_EQ(AtPart(0.005, 0.36), 0);   // beside the face
  EXPECT_EQ(AtPart(0.15, 0.85), 0);    // the neck's side: a jaw narrows
}

// A mouth opens and its jaw becomes narrower: the template's wider one must not show beside it.
TEST_P(JawMaskTest, ReachesBeyondTheJawOfAClosedMouth) {
  for (const double x : {0.11, 0.89}) EXPECT_EQ(AtPart(x, 0.36), 255) << x;  // its corners
  for (const double x : {0.13, 0.87}) EXPECT_EQ(AtPart(x, 0.5), 255) << x;
  for (const double x : {0.22, 0.78}) EXPECT_EQ(AtPart(x, 0.65), 255) << x;
}

// A step in the weights would show as an edge in the picture.
TEST_P(JawMaskTest, FadesWithoutSteps) {
  const int largest = 255 * 40 / size();  // twice a smoothstep's steepest slope over the feather
  for (int y = 1; y < size(); ++y) {
    for (int x = 1; x < size(); ++x) {
      ASSERT_LE(std::abs(At(x, y) - At(x - 1, y)), largest) << x << ',' << y;
      ASSERT_LE(std::abs(At(x, y) - At(x, y - 1)), largest) << x << ',' << y;
    }
  }
}

TEST(JawMask, FadesWiderOrNarrowerOverTheSamePixels) {
  const std::vector<uint8_t> narrow = JawMask(320, kMinFeather), wide = JawMask(320, kMaxFeather);
  int64_t lighter = 0;
  for (size_t i = 0; i < narrow.size(); ++i) {
    ASSERT_LE(wide[i], narrow[i]) << i;
    lighter += wide[i] < narrow[i] ? 1 : 0;
  }
  EXPECT_GT(lighter, 10000);
  EXPECT_GE(wide[320 * 240 + 160], 225) << "the chin";
  EXPECT_EQ(wide[320 * 134 + 106], 255) << "a corner of the mouth";
}

INSTANTIATE_TEST_SUITE_P(ModelSizes, JawMaskTest, testing::Values(320, 160, 321));

}  // namespace
}  // namespace lips
