#include "avatar/crop_rects.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

std::string FaultOf(const std::string& json) {
  const auto rects = ParseCropRects(json);
  if (rects.ok()) return "";
  EXPECT_TRUE(rects.error().code() == ErrorCode::kCorrupted || rects.error().code() == ErrorCode::kResourceLimit);
  return rects.error().message();
}

TEST(CropRects, OrdersTheKeysAsNumbersNotAsText) {
  std::string json = "{";
  for (int i = 11; i >= 0; --i) {
    json += "\"" + std::to_string(i) + "\": {\"rect\": [" + std::to_string(i) + ", 0, 100, 50], \"path\": \"C:\\\\x\"}";
    if (i > 0) json += ",";
  }
  const auto rects = ParseCropRects(json + "}");
  ASSERT_TRUE(rects.ok()) << rects.error().message();
  ASSERT_EQ(rects.value().size(), 12U);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(rects.value()[static_cast<size_t>(i)], (Rect{i, 0, 100 - i, 50}));
}

TEST(CropRects, BothFormsSayTheSame) {
  const auto object = ParseCropRects(R"({"0":{"rect":[532,210,714,392]},"1":[1,2,4,5]})");
  const auto list = ParseCropRects("[[532,210,714,392],[1,2,4.9,5]]");
  ASSERT_TRUE(object.ok() && list.ok());
  EXPECT_EQ(object.value(), list.value());
  EXPECT_EQ(object.value()[0], (Rect{532, 210, 182, 182}));
}

TEST(CropRects, NamesMissingFrames) {
  EXPECT_EQ(FaultOf(R"({"0":[0,0,1,1],"2":[0,0,1,1]})"), "1 of 3 frames missing: 1");
  EXPECT_EQ(FaultOf(R"({"6":[0,0,1,1],"1":[0,0,1,1]})"), "5 of 7 frames missing: 0, 2, 3, ...");
}

TEST(CropRects, NamesTheFrameWhoseRectangleIsWrong) {
  EXPECT_EQ(FaultOf("[[0,0,9,9],[702,210,690,392]]"), "frame 1: rect [702,210,690,392] has x2 <= x1");
  EXPECT_EQ(FaultOf("[[0,9,9,9]]"), "frame 0: rect [0,9,9,9] has y2 <= y1");
  EXPECT_EQ(FaultOf("[[0,0,9]]"), "frame 0: expected [x1,y1,x2,y2], found 3 elements");
  EXPECT_EQ(FaultOf(R"([[0,0,9,"9"]])"), "frame 0: rect has a corner that is no number");
  EXPECT_EQ(FaultOf(R"({"0":{"roi":[0,0,9,9]}})"), "frame 0: no 'rect'");
  EXPECT_EQ(FaultOf(R"({"0":7})"), "frame 0: expected [x1,y1,x2,y2], found no list");
}

TEST(CropRects, MaySayThatThereIsNoFace) {
  const auto list = ParseCropRects("[[0,0,9,9],null,[0,0,0,0]]");
  const auto object = ParseCropRects(R"({"0":{"rect":[0,0,9,9]},"1":{"rect":null},"2":[0,0,0,0]})");
  ASSERT_TRUE(list.ok() && object.ok());
  EXPECT_EQ(list.value(), (std::vector<Rect>{{0, 0, 9, 9}, {}, {}}));
  EXPECT_EQ(object.value(), list.value());
}

TEST(DropOutside, EmptiesTheFewThatLeaveThePictureButNotAnotherPicturesRectangles) {
  std::vector<Rect> rects = {{0, 0, 9, 9}, {95, 0, 9, 9}, {10, 10, 9, 9}, {}, {0, -1, 9, 9}};
  EXPECT_EQ(DropOutside(rects, 100, 50), 3);
  EXPECT_EQ(rects, (std::vector<Rect>{{0, 0, 9, 9}, {}, {10, 10, 9, 9}, {}, {}}));
  const std::vector<Rect> before = rects = {{0, 0, 9, 9}, {195, 0, 9, 9}};
  EXPECT_EQ(DropOutside(rects, 100, 50), 0);
  EXPECT_EQ(rects, before);
}

TEST(CropRects, HugeNumbersNeitherOverflowNorAllocate) {
  EXPECT_NE(FaultOf("[[-2147483648,0,2147483647,9]]"), "");
  EXPECT_NE(FaultOf("[[-9e18,0,9e18,9]]"), "");
  EXPECT_NE(FaultOf("[[0,0,1e999,9]]"), "");
  EXPECT_NE(FaultOf(R"({"18446744073709551615":[0,0,1,1]})"), "");
  EXPECT_NE(FaultOf(R"({"99999999999999999999999":[0,0,1,1]})"), "");
  EXPECT_NE(FaultOf(R"({"500000":[0,0,1,1]})"), "");
}

TEST(CropRects, RefusesKeysThatAreNoFrameNumbers) {
  for (const char* key : {"-1", "a", "", "1x", " 1", "0x1", "1.0"}) {
    EXPECT_NE(FaultOf("{\"" + std::string(key) + "\":[0,0,1,1]}").find("no frame number"), std::string::npos) << key;
  }
  EXPECT_EQ(FaultOf(R"({"0":[0,0,1,1],"00":[0,0,1,1]})"), "frame 0 appears twice");
}

TEST(CropRects, RefusesWhatIsNoListOfRectangles) {
  EXPECT_EQ(FaultOf("[]"), "lists no rectangle");
  EXPECT_EQ(FaultOf("{}"), "lists no rectangle");
  for (const char* json : {"", "null", "7", "\"x\"", "[[0,0,1,1]", "[[0,0,1,NaN]]", "[[0,0,1,1]] trailing"}) {
    EXPECT_NE(FaultOf(json), "") << json;
  }
  EXPECT_NE(FaultOf(std::string(100000, '[')), "");
}

TEST(CheckInside, AcceptsTheWholePictureAndNothingBeyond) {
  const Rect whole{0, 0, 1280, 720};
  EXPECT_TRUE(CheckInside(std::vector<Rect>{whole}, 1280, 720).ok());
  for (const Rect outside : {Rect{-1, 0, 9, 9}, Rect{0, -1, 9, 9}, Rect{1272, 0, 9, 9}, Rect{0, 712, 9, 9}}) {
    const Status status = CheckInside(std::vector<Rect>{whole, outside}, 1280, 720);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message(), "frame 1: rect " + ToString(outside) + " leaves the 1280x720 picture");
  }
}

}  // namespace
}  // namespace lips
