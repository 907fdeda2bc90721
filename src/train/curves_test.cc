#include "train/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lips {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<CurvePoint> Points() {
  std::vector<CurvePoint> points;
  for (int k = 1; k <= 5; ++k) {
    points.push_back({.step = 10 * k,
                      .elapsed_s = 60.0 * k,
                      .stage = "mouth, folded",
                      .learning_rate = 1e-3,
                      .picture_loss = 1.0 / k,
                      .mouth_loss = 0.5 / k});
  }
  points[2].mouth_psnr_db = 27.25;
  return points;
}

TEST(Curves, ACsvRowIsAPoint) {
  const std::string csv = CurvesCsv(Points());
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 6);
  EXPECT_THAT(csv, HasSubstr("\n20,120.0,\"mouth, folded\",0.001,0.5,0.25,0.000,0.000,0.0000\n"));
  EXPECT_THAT(csv, HasSubstr(",27.250,"));
}

TEST(Curves, SurviveJson) { EXPECT_EQ(CurvesCsv(CurvesFromJson(ToJson(Points()))), CurvesCsv(Points())); }

TEST(Curves, JsonFromElsewhereGivesNoPointsRatherThanTrouble) {
  EXPECT_TRUE(CurvesFromJson(Json("text")).empty());
  EXPECT_TRUE(CurvesFromJson(Json::Array{1, "x", nullptr}).empty());
}

TEST(Curves, ThePlotStaysWithinItsPanelsForAnyNumberOfPoints) {
  EXPECT_THAT(CurvesSvg({}), HasSubstr("</svg>"));
  auto one = Points();
  one.resize(1);
  for (const auto& points : {Points(), one}) {
    const std::string svg = CurvesSvg(points);
    EXPECT_THAT(svg, HasSubstr("<polyline"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
  auto wild = Points();
  wild[1].picture_loss = NAN;
  EXPECT_THAT(CurvesSvg(wild), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace lips
