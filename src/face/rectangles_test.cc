#include "face/rectangles.h"

#include <gtest/gtest.h>

#include <cmath>

#include "avatar/geometry.h"

namespace lips {
namespace {

using Edges = std::vector<std::optional<FaceEdges>>;

FaceRects Make(const Edges& edges, RectRule rule) {
  auto made = MakeFaceRects(edges, rule, 1280, 720);
  EXPECT_TRUE(made.ok()) << made.error().message();
  return made.ok() ? std::move(made).value() : FaceRects();
}

TEST(MakeFaceRects, CompatibleIsTheRuleOfThe110Landmarks) {
  std::vector<Landmark> landmarks(110);
  landmarks[1].x = 532.9;
  landmarks[31].x = 714.2;
  landmarks[52].y = 210.99;
  const auto made = Make({FaceEdges{532.9, 714.2, 210.99}}, RectRule::kCompatible);
  ASSERT_EQ(made.rects.size(), 1U);
  EXPECT_EQ(made.rects[0], RectFromLandmarks(landmarks).value());
}

TEST(MakeFaceRects, LiesBetweenItsNeighboursWhereTheFaceWasLostAndHoldsAtTheEnds) {
  const Edges edges = {{}, FaceEdges{100, 200, 50}, {}, {}, {}, FaceEdges{140, 260, 90}, {}};
  const auto made = Make(edges, RectRule::kCompatible);
  EXPECT_EQ(made.interpolated, 5);
  EXPECT_EQ(made.rects[0], (Rect{100, 50, 100, 100}));
  EXPECT_EQ(made.rects[2], (Rect{110, 60, 105, 105}));
  EXPECT_EQ(made.rects[3], (Rect{120, 70, 110, 110}));
  EXPECT_EQ(made.rects[6], (Rect{140, 90, 120, 120}));
}

TEST(MakeFaceRects, RefusesAVideoWithoutAnyFaceAndEdgesThatAreNone) {
  EXPECT_FALSE(MakeFaceRects(Edges{{}, {}}, RectRule::kSmooth, 100, 100).ok());
  EXPECT_FALSE(MakeFaceRects(Edges{}, RectRule::kSmooth, 100, 100).ok());
  EXPECT_FALSE(MakeFaceRects(Edges{FaceEdges{50, 40, 0}}, RectRule::kSmooth, 100, 100).ok());
  EXPECT_FALSE(MakeFaceRects(Edges{FaceEdges{0, NAN, 0}}, RectRule::kSmooth, 100, 100).ok());
  EXPECT_FALSE(MakeFaceRects(Edges{FaceEdges{-1e18, 1e18, 0}}, RectRule::kCompatible, 100, 100).ok());
}

TEST(MakeFaceRects, StayInsideThePictureAndSayWhereTheyDidNot) {
  const auto made =
      Make({FaceEdges{-20, 80, 10}, FaceEdges{1200, 1300, 700}, FaceEdges{100, 1180, 0}, FaceEdges{500, 600, 300}},
           RectRule::kCompatible);
  EXPECT_EQ(made.rects[0], (Rect{0, 10, 100, 100}));
  EXPECT_EQ(made.rects[1], (Rect{1180, 620, 100, 100}));
  EXPECT_EQ(made.rects[2], (Rect{100, 0, 720, 720}));
  EXPECT_EQ(made.shifted, (std::vector<bool>{true, true, true, false}));
}

TEST(MakeFaceRects, SmoothTremblesLessAndFollowsWithoutDelay) {
  Edges edges;
  for (int i = 0; i < 200; ++i) {
    const double x = 400 + 2 * i + (i % 2 == 0 ? 3 : -3);  // steady motion and a tremble of 6 px
    edges.push_back(FaceEdges{x, x + 180 + (i % 3), 200.0});
  }
  const auto smooth = Make(edges, RectRule::kSmooth);
  for (size_t i = 10; i + 10 < edges.size(); ++i) {
    EXPECT_NEAR(smooth.rects[i].x, 400 + 2 * static_cast<double>(i), 2) << i;
    EXPECT_NEAR(smooth.rects[i + 1].x - smooth.rects[i].x, 2, 1) << i;
    EXPECT_NEAR(smooth.rects[i].width, 181, 1) << i;
  }
}

TEST(MakeFaceRects, SmoothFollowsTheWidthOfAHeadThatTurnsOnlyPartly) {
  Edges edges;
  for (int i = 0; i < 250; ++i) {
    const double narrow = i > 100 && i < 130 ? 20 : 0;  // a second in profile
    edges.push_back(FaceEdges{400 + narrow / 2, 580 - narrow / 2, 200});
  }
  const auto smooth = Make(edges, RectRule::kSmooth);
  EXPECT_EQ(smooth.rects[50].width, 180);
  EXPECT_EQ(smooth.rects[115].width, 172);  // 180 (160 / 180)^0.4
  for (size_t i = 1; i < smooth.rects.size(); ++i) {
    EXPECT_NEAR(smooth.rects[i].width, smooth.rects[i - 1].width, 2) << i;
  }
}

TEST(MakeFaceRects, AreSquare) {
  const Edges edges = {FaceEdges{10.4, 113.7, 5}, FaceEdges{12.2, 117.1, 6}};
  for (const RectRule rule : {RectRule::kCompatible, RectRule::kSmooth}) {
    for (const Rect& rect : Make(edges, rule).rects) EXPECT_EQ(rect.width, rect.height);
  }
}

}  // namespace
}  // namespace lips
