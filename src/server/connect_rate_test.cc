#include "server/connect_rate.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(ConnectRate, GivesEachAddressItsOwnBurstAndRate) {
  ConnectRate rate(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.Allow("a", 0));
  EXPECT_FALSE(rate.Allow("a", 0));
  EXPECT_TRUE(rate.Allow("b", 0));
  EXPECT_FALSE(rate.Allow("a", kSecond / 4));
  EXPECT_TRUE(rate.Allow("a", kSecond / 2));
  EXPECT_FALSE(rate.Allow("a", kSecond / 2));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.Allow("a", 100 * kSecond));  // never more than the burst
  EXPECT_FALSE(rate.Allow("a", 100 * kSecond));
}

TEST(ConnectRate, ZeroMeansAnyNumber) {
  ConnectRate rate(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(rate.Allow("a", 0));
}

TEST(ConnectRate, RemembersABoundedNumberOfAddresses) {
  ConnectRate rate(1);
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(rate.Allow(std::to_string(i), 0));
  EXPECT_TRUE(rate.Allow("late", 0));  // the shared bucket
  EXPECT_FALSE(rate.Allow("later", 0));
  EXPECT_TRUE(rate.Allow("later", 3 * kSecond));  // the quiet ones were forgotten
}

}  // namespace
}  // namespace lips
