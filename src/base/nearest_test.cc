#include "base/nearest.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(Nearest, FindsATypoAndRefusesAStranger) {
  const std::vector<std::string> known = {"--engine", "--edge", "--audio"};
  EXPECT_EQ(Nearest("--enigne", known), "--engine");
  EXPECT_EQ(Nearest("--audi", known), "--audio");
  EXPECT_EQ(Nearest("--zebra-crossing", known), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

}  // namespace
}  // namespace lips
