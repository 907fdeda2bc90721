#include "face/anchors.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

FaceDetection Square(double left, double top, double side, double score) {
  return {
      .score = score, .left = left, .top = top, .right = left + side, .bottom = top + side, .points = {{left, top}}};
}

TEST(Anchors, AreAsManyAsTheNetworksHaveAnswers) {
  EXPECT_EQ(ShortRangeAnchors().size(), 896U);
  EXPECT_EQ(FullRangeAnchors().size(), 2304U);
}

TEST(Anchors, LieInTheMiddleOfTheirCellsRowByRow) {
  const auto anchors = ShortRangeAnchors();
  EXPECT_DOUBLE_EQ(anchors[0].x, 0.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[1].x, 0.5 / 16);  // two a cell
  EXPECT_DOUBLE_EQ(anchors[2].x, 1.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[32].y, 1.5 / 16);
  EXPECT_DOUBLE_EQ(anchors[512].x, 0.5 / 8);  // the coarse layers begin
  EXPECT_DOUBLE_EQ(anchors[895].y, 7.5 / 8);
}

TEST(Overlap, IsNothingForTouchingBoxesAndAllForEqualOnes) {
  EXPECT_EQ(Overlap(Square(0, 0, 10, 1), Square(10, 0, 10, 1)), 0);
  EXPECT_EQ(Overlap(Square(3, 4, 10, 1), Square(3, 4, 10, 1)), 1);
  EXPECT_DOUBLE_EQ(Overlap(Square(0, 0, 10, 1), Square(5, 0, 10, 1)), 50.0 / 150);
}

TEST(MergeDetections, AveragesWhatOverlapsByScoreAndKeepsTheRestApart) {
  const auto faces = MergeDetections({Square(100, 0, 10, 0.5), Square(2, 0, 10, 0.3), Square(0, 0, 10, 0.9)}, 0.3);
  ASSERT_EQ(faces.size(), 2U);
  EXPECT_DOUBLE_EQ(faces[0].score, 0.9);
  EXPECT_DOUBLE_EQ(faces[0].left, 2 * 0.3 / 1.2);
  EXPECT_DOUBLE_EQ(faces[0].points[0].x, 2 * 0.3 / 1.2);
  EXPECT_DOUBLE_EQ(faces[1].left, 100);
}

TEST(KeepBest, DropsWhatOverlapsABetterOne) {
  const auto faces = KeepBest({Square(2, 0, 10, 0.3), Square(0, 0, 10, 0.9)}, 0.3);
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_DOUBLE_EQ(faces[0].left, 0);
}

TEST(MergeDetections, OfNothingIsNothing) { EXPECT_TRUE(MergeDetections({}, 0.3).empty()); }

}  // namespace
}  // namespace lips
