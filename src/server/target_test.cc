#include "server/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ParseTarget, SplitsAndDecodes) {
  const auto target = ParseTarget("/v1/avatars/an%6Ea?mode=h264&name=a+b%26c&flag&=x").value();
  EXPECT_THAT(target.segments, ElementsAre("v1", "avatars", "anna"));
  EXPECT_THAT(target.query, ElementsAre(Pair("mode", "h264"), Pair("name", "a b&c"), Pair("flag", ""), Pair("", "x")));
  EXPECT_EQ(target.path(), "/v1/avatars/anna");
  EXPECT_EQ(target.Query("mode"), "h264");
  EXPECT_EQ(target.Query("other"), "");
}

TEST(ParseTarget, TheRootHasNoSegments) {
  EXPECT_THAT(ParseTarget("/").value().segments, IsEmpty());
  EXPECT_THAT(ParseTarget("/?x=1").value().segments, IsEmpty());
  EXPECT_EQ(ParseTarget("/").value().path(), "/");
}

// A way out of the folder of files, however it is spelled.
TEST(ParseTarget, RefusesEveryWayUpwards) {
  for (const char* target : {"/..",
                             "/../etc/passwd",
                             "/v1/../..",
                             "/%2e%2e/x",
                             "/.%2E/x",
                             "/a/./b",
                             "/a//b",
                             "//",
                             "//host/x",
                             "/a/..%2f..",
                             "/a%2fb",
                             "/a%5cb",
                             "/..\\x",
                             "/a%00b",
                             "/a%0ab",
                             "/%",
                             "/%2",
                             "/%zz",
                             "",
                             "x",
                             "http://example.com/",
                             "*"}) {
    EXPECT_FALSE(ParseTarget(target).ok()) << target;
  }
}

TEST(ParseTarget, DecodesOnlyOnce) { EXPECT_THAT(ParseTarget("/%252e%252e").value().segments, ElementsAre("%2e%2e")); }

TEST(ParseTarget, IsBounded) {
  EXPECT_FALSE(ParseTarget("/" + std::string(5000, 'a')).ok());
  std::string many = "/?";
  for (int i = 0; i < 100; ++i) many += "a&";
  EXPECT_FALSE(ParseTarget(many).ok());
}

TEST(IsId, KnowsWhatNamesMayBe) {
  EXPECT_TRUE(IsId("anna-2_x"));
  EXPECT_TRUE(IsId(std::string(64, 'a')));
  for (const char* text : {"", "Anna", "a.b", "a/b", "..", "a b", "ä"}) EXPECT_FALSE(IsId(text)) << text;
  EXPECT_FALSE(IsId(std::string(65, 'a')));
}

}  // namespace
}  // namespace lips
