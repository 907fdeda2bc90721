#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace lips {
namespace {

TEST(Json, WhatIsDumpedParsesBackTheSame) {
  Json json = Json::Object({{"name", "a \"b\"\n"}, {"n", 7}, {"x", 0.1}, {"none", nullptr}});
  json.Set("rect", Json::Array{1, 2, 3});
  json.Set("nested", Json::Array{Json::Object({{"k", true}}), Json::Array{}});
  for (const bool compact : {false, true}) {
    const auto back = ParseJson(json.Dump(compact));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(back.value().Dump(), json.Dump());
  }
  EXPECT_EQ(json.Find("rect")->Dump(), "[1, 2, 3]");
  EXPECT_EQ(json.Find("absent"), nullptr);
}

TEST(Json, ReportsWhereAndWhatIsWrong) {
  EXPECT_EQ(ParseJson("{\"a\": }").error().message(), "not valid JSON at byte 6 of 7: syntax error");
  for (const char* bad : {"", "{", "[1,]", "1 2", "nan", "\"\\ud800\"", "{\"a\":1,}"}) {
    EXPECT_EQ(ParseJson(bad).error().code(), ErrorCode::kCorrupted) << bad;
  }
  EXPECT_FALSE(ParseJson(std::string(100000, '[')).ok()) << "deep nesting must not use the stack";
}

TEST(Json, HugeAndOddNumbersStayHarmless) {
  EXPECT_EQ(ParseJson("1e300").value().as_int(), 9200000000000000000);
  EXPECT_EQ(ParseJson("18446744073709551615").value().as_int(), 9200000000000000000);
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).Dump(), "null");
  EXPECT_EQ(Json("text").as_int(), 0);
}

// Found by the manifest fuzzer: 0 times an infinite power of ten.
TEST(Json, ZeroWithAHugeExponentIsZero) {
  const auto json = ParseJson("0e400");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json.value().as_double(), 0.0);
  EXPECT_EQ(json.value().as_int(), 0);
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).as_int(), 0);
}

}  // namespace
}  // namespace lips
