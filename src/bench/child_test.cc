#include "bench/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace lips {
namespace {

using ::testing::HasSubstr;

Result<ChildRun> Shell(const std::string& script, const std::vector<std::string>& environment = {}) {
  return RunChild("/bin/sh", {"-c", script}, environment);
}

TEST(RunChild, GivesWhatWasPrintedAndBothTimes) {
  const auto run = Shell("echo first; sleep 0.05; echo second");
  ASSERT_TRUE(run.ok()) << run.error().message();
  EXPECT_EQ(run.value().out, "first\nsecond\n");
  EXPECT_GT(run.value().first_line_ms, 0);
  EXPECT_GE(run.value().wall_ms, run.value().first_line_ms + 40);
}

TEST(RunChild, SetsVariablesInPlaceOfOurs) {
  ASSERT_EQ(::setenv("LIPS_CHILD_TEST", "ours", 1), 0);
  const auto run = Shell("echo $LIPS_CHILD_TEST; env | grep -c ^LIPS_CHILD_TEST=", {"LIPS_CHILD_TEST=theirs"});
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run.value().out, "theirs\n1\n");
}

TEST(RunChild, SaysWhyThereIsNoResult) {
  EXPECT_THAT(Shell("echo x; exit 3").error().message(), HasSubstr("status 3"));
  EXPECT_THAT(Shell("kill -9 $$").error().message(), HasSubstr("signal 9"));
  EXPECT_THAT(Shell("true").error().message(), HasSubstr("printed nothing"));
  EXPECT_THAT(RunChild("/nonexistent/program", {}).error().message(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace lips
