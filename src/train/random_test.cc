#include "train/random.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

// Seeds whose first number has all of its upper bits set: once in 33 million, which is every few hundred steps of a run
// that varies feature rows.
TEST(Random, IsFiniteWhereAllBitsAreSet) {
  for (const uint64_t seed : {uint64_t{47224889}, uint64_t{70793394}}) {
    ASSERT_EQ(Random(seed).Bits() >> 39, uint64_t{0x1FFFFFF});
    EXPECT_LT(Random(seed).Uniform(0, 1), 1);
    EXPECT_TRUE(std::isfinite(Random(seed).Normal())) << seed;
    EXPECT_FALSE(Random(seed).Chance(0.999F));
  }
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  Random random(7);
  double sum = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int k = 0; k < kCount; ++k) {
    const double value = random.Normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.02);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
}

}  // namespace
}  // namespace lips
