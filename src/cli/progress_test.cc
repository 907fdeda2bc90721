#include "cli/progress.h"

#include <gtest/gtest.h>

namespace lips::cli {
namespace {

TEST(ClockText, ShowsHoursOnlyWhenThereAreSome) {
  EXPECT_EQ(ClockText(0), "0:00");
  EXPECT_EQ(ClockText(65.4), "1:05");
  EXPECT_EQ(ClockText(3723), "1:02:03");
  EXPECT_EQ(ClockText(-5), "0:00");
}

}  // namespace
}  // namespace lips::cli
