#include "net/once.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(Once, CarriesWhatCannotBeCopied) {
  int seen = 0;
  Once<void(int)> once = [owned = std::make_unique<int>(3), &seen](int n) { seen = *owned + n; };
  EXPECT_TRUE(once);
  once(4);
  EXPECT_EQ(seen, 7);
  EXPECT_FALSE(once);
}

TEST(Once, MayBeReplacedWhileItRuns) {
  Once<void()> once;
  int calls = 0;
  once = [&] {
    ++calls;
    once = [&calls] { calls += 10; };
  };
  once();
  once();
  EXPECT_EQ(calls, 11);
}

}  // namespace
}  // namespace lips
