#include "bench/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(MachineFacts, SaysWhatTheNumbersWereMeasuredOn) {
  const Json facts = MachineFacts(3);
  for (const char* key : {"cpu", "isa_used", "compiler", "version", "date"}) {
    ASSERT_NE(facts.Find(key), nullptr) << key;
    EXPECT_FALSE(facts.Find(key)->as_string().empty()) << key;
  }
  EXPECT_GE(facts.Find("cores")->as_int(), 1);
  EXPECT_EQ(facts.Find("threads")->as_int(), 3);
  EXPECT_GT(facts.Find("memory_bytes")->as_int(), 0);
  EXPECT_TRUE(facts.Find("isa")->is_array());
  ASSERT_NE(facts.Find("commit"), nullptr);
  EXPECT_EQ(facts.Find("date")->as_string().size(), 10u);
}

TEST(MachineLine, IsOneLineWithTheCpuInFront) {
  const Json facts = MachineFacts(1);
  const std::string line = MachineLine(facts);
  EXPECT_THAT(line, testing::StartsWith(facts.Find("cpu")->as_string()));
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("\n")));
}

}  // namespace
}  // namespace lips
