#include "cli/suggest.h"

#include <gtest/gtest.h>

#include "cli/progress.h"
#include "cli/table.h"

namespace lips::cli {
namespace {

TEST(Nearest, FindsATypoAndRefusesAStranger) {
  const std::vector<std::string> known = {"--engine", "--edge", "--audio"};
  EXPECT_EQ(Nearest("--enigne", known), "--engine");
  EXPECT_EQ(Nearest("--audi", known), "--audio");
  EXPECT_EQ(Nearest("--zebra-crossing", known), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

TEST(ClockText, ShowsHoursOnlyWhenThereAreSome) {
  EXPECT_EQ(ClockText(0), "0:00");
  EXPECT_EQ(ClockText(65.4), "1:05");
  EXPECT_EQ(ClockText(3723), "1:02:03");
  EXPECT_EQ(ClockText(-5), "0:00");
}

TEST(FactTable, AlignsAndIndents) {
  const Json facts = Json::Object({{"name", "anna"}, {"frame_count", 7}, {"mask", Json::Object({{"x", 5}})}});
  EXPECT_EQ(FactTable(facts), "name         anna\nframe count  7\nmask\n  x  5\n");
}

}  // namespace
}  // namespace lips::cli
