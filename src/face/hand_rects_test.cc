#include "face/hand_rects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Rect> Parse(std::string_view text, int64_t frames) {
  auto rects = ParseHandRects(text, frames);
  EXPECT_TRUE(rects.ok()) << rects.error().message();
  return rects.ok() ? std::move(rects).value() : std::vector<Rect>();
}

void ExpectRefused(std::string_view text, int64_t frames, std::string_view why) {
  const auto rects = ParseHandRects(text, frames);
  ASSERT_FALSE(rects.ok()) << text;
  EXPECT_THAT(rects.error().message(), HasSubstr(why));
}

TEST(ParseHandRects, TakesOneRectangleForAllFrames) {
  const Rect rect{10, 20, 90, 80};
  EXPECT_THAT(Parse("10,20,100,100\n", 3), ElementsAre(rect, rect, rect));
  EXPECT_THAT(Parse("[[10,20,100,100]]", 2), ElementsAre(rect, rect));
}

TEST(ParseHandRects, TakesOneALineOrBothFormsOfPackages) {
  const auto expected = ElementsAre(Rect{1, 2, 9, 8}, Rect{2, 3, 9, 8});
  EXPECT_THAT(Parse("x1 y1 x2 y2\n1 2 10 10\n\n# a remark\n2;3;11;11", 2), expected);
  EXPECT_THAT(Parse("[[1,2,10,10],[2,3,11,11]]", 2), expected);
  EXPECT_THAT(Parse(R"({"0":{"rect":[1,2,10,10]},"1":{"rect":[2,3,11,11]}})", 2), expected);
}

TEST(ParseHandRects, FillsFramesBetweenThoseGiven) {
  EXPECT_THAT(Parse("frame,x1,y1,x2,y2\n1,0,0,100,100\n3,20,10,140,130\n", 5),
              ElementsAre(Rect{0, 0, 100, 100}, Rect{0, 0, 100, 100}, Rect{10, 5, 110, 110}, Rect{20, 10, 120, 120},
                          Rect{20, 10, 120, 120}));
}

TEST(ParseHandRects, SaysWhatIsWrongAndWhere) {
  ExpectRefused("", 1, "no rectangle");
  ExpectRefused("1,2,3\n", 1, "line 1: expected");
  ExpectRefused("1,2,10,10\n1,2,x,4\n", 2, "line 2: something in it is no number");
  ExpectRefused("1,2,10,10\n5,5,5,9\n", 2, "line 2");
  ExpectRefused("1,2,10,10\n1,2,10,10\n", 3, "holds 2 rectangles for 3 frames");
  ExpectRefused("3,1,2,10,10\n3,1,2,10,10\n", 9, "line 2: frame 3 comes after 3");
  ExpectRefused("3,1,2,10,10\n1,2,10,10\n", 9, "line 2: some lines give a frame");
  ExpectRefused("-2,1,2,10,10\n", 9, "no whole number");
  ExpectRefused("nan,inf,1,2\n1e99,0,1e300,5\n", 9, "line 2");
}

}  // namespace
}  // namespace lips
