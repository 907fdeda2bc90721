#include "bench/report.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(Summarise, NothingIsZero) { EXPECT_EQ(Summarise({}).median_ms, 0); }

TEST(Summarise, OneDurationIsEverything) {
  const Summary one = Summarise({7});
  EXPECT_EQ(one.median_ms, 7);
  EXPECT_EQ(one.p95_ms, 7);
  EXPECT_EQ(one.min_ms, 7);
}

TEST(Summarise, OrderDoesNotMatterAndTheMiddleOfAnEvenNumberIsTheMean) {
  const Summary four = Summarise({9, 1, 3, 2});
  EXPECT_EQ(four.median_ms, 2.5);
  EXPECT_EQ(four.p95_ms, 9);
  EXPECT_EQ(four.min_ms, 1);
}

TEST(Summarise, TheNinetyFifthPercentileLeavesOneInTwentyOut) {
  std::vector<double> ms;
  for (int i = 1; i <= 20; ++i) ms.push_back(i);
  EXPECT_EQ(Summarise(ms).p95_ms, 19);
}

TEST(Ratio, IsASpeedAndUnknownWithoutAPeer) {
  EXPECT_EQ(Ratio(60, 30).as_double(), 2);
  EXPECT_TRUE(Ratio(0, 30).is_null());
  EXPECT_TRUE(Ratio(60, 0).is_null());
}

TEST(BenchReport, NamesWhatWasSkippedOnce) {
  BenchReport report;
  for (int i = 0; i < 2; ++i) report.Skip(Backend::kCpu, Precision::kF32, Error(ErrorCode::kUnsupported, "no"));
  report.Skip(Backend::kCpu, Precision::kBf16, Error(ErrorCode::kUnsupported, "no"));
  const Json json = report.ToJson(Json::Object());
  ASSERT_EQ(json.Find("skipped")->array().size(), 2u);
  EXPECT_EQ(json.Find("skipped")->array()[0].Dump(true), R"({"engine":"cpu","precision":"f32","why":"no"})");
  EXPECT_TRUE(json.Find("results")->array().empty());
}

}  // namespace
}  // namespace lips
