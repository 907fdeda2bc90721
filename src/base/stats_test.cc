#include "base/stats.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(DurationStats, KeepsTheFirstApartAndRanksTheRest) {
  DurationStats stats;
  stats.Add(1000);
  for (int i = 100; i >= 1; --i) stats.Add(i);
  EXPECT_EQ(stats.first_ms(), 1000);
  EXPECT_EQ(stats.Percentile(50), 50);
  EXPECT_EQ(stats.Percentile(99), 99);
  EXPECT_EQ(stats.Percentile(100), 100);
  EXPECT_EQ(stats.ToJson().Find("mean_ms")->as_double(), 50.5);
  EXPECT_EQ(stats.count(), 101);
}

TEST(DurationStats, OneOrNoDurationIsFine) {
  DurationStats stats;
  EXPECT_EQ(stats.Percentile(50), 0);
  stats.Add(3);
  EXPECT_EQ(stats.Percentile(99), 3);
  EXPECT_EQ(stats.ToJson().Find("max_ms")->as_double(), 3);
}

TEST(DurationStats, ALongRunKeepsASampleOfEveryPart) {
  DurationStats stats;
  for (int i = 0; i < 1'000'000; ++i) stats.Add(i);
  EXPECT_NEAR(stats.Percentile(50), 500'000, 10'000);
}

}  // namespace
}  // namespace lips
