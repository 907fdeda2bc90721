#include "avatar/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

#include "avatar/crop_rects.h"
#include "avatar/package_files.h"
#include "avatar/template_rects.h"

namespace lips {
namespace {

// Landmark i lies at (10 i, 1000 - i), so every number tells which landmark it came from.
std::string LandmarkText(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(10 * i) + " " + std::to_string(1000 - i) + "\n";
  return text;
}

TEST(Landmarks, GiveTheRectangleOfOneThirtyOneAndFiftyTwo) {
  const auto landmarks = ParseLandmarks(LandmarkText(110));
  ASSERT_TRUE(landmarks.ok()) << landmarks.error().message();
  const auto rect = RectFromLandmarks(landmarks.value());
  ASSERT_TRUE(rect.ok());
  EXPECT_EQ(rect.value(), (Rect{10, 948, 300, 300}));
}

TEST(Landmarks, AreTruncatedTowardsZero) {
  std::vector<Landmark> landmarks(53);
  landmarks[1].x = -1.9;
  landmarks[31].x = 30.99;
  landmarks[52].y = 7.999;
  EXPECT_EQ(RectFromLandmarks(landmarks).value(), (Rect{-1, 7, 31, 31}));
}

TEST(Landmarks, AcceptFractionsBlanksAndWindowsLineEnds) {
  std::string text = LandmarkText(52) + "  1.5\t-2e1  \r\n\r\n  \n";
  const auto landmarks = ParseLandmarks(text);
  ASSERT_TRUE(landmarks.ok()) << landmarks.error().message();
  EXPECT_EQ(landmarks.value().size(), 53U);
  EXPECT_EQ(landmarks.value()[52].x, 1.5);
  EXPECT_EQ(landmarks.value()[52].y, -20.0);
}

TEST(Landmarks, NameTheLineThatIsWrong) {
  for (const char* line : {"12", "12 abc", "1 2 3", "nan 4", "4 inf", "1e300 2", "1,5 2", "0x10 2", "- 2"}) {
    const auto landmarks = ParseLandmarks("1 2\n" + std::string(line) + "\n" + LandmarkText(60));
    ASSERT_FALSE(landmarks.ok()) << line;
    EXPECT_EQ(landmarks.error().code(), ErrorCode::kCorrupted);
    EXPECT_NE(landmarks.error().message().find("line 2"), std::string::npos) << landmarks.error().message();
  }
  EXPECT_FALSE(ParseLandmarks("1 2\n\n" + LandmarkText(60)).ok()) << "a blank line in the middle";
}

TEST(Landmarks, RefuseTooFewAndTooMany) {
  EXPECT_FALSE(ParseLandmarks("").ok());
  EXPECT_FALSE(ParseLandmarks(LandmarkText(52)).ok());
  EXPECT_TRUE(ParseLandmarks(LandmarkText(53)).ok());
  EXPECT_TRUE(ParseLandmarks(LandmarkText(1000)).ok());
  EXPECT_FALSE(ParseLandmarks(LandmarkText(1001)).ok());
}

TEST(Landmarks, RefuseARectangleWithoutWidth) {
  std::vector<Landmark> landmarks(53);
  landmarks[1].x = 700;
  landmarks[31].x = 700;
  const auto rect = RectFromLandmarks(landmarks);
  ASSERT_FALSE(rect.ok());
  EXPECT_EQ(rect.error().code(), ErrorCode::kInvalidInput);
  landmarks[31].x = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(RectFromLandmarks(landmarks).ok());
  EXPECT_FALSE(RectFromLandmarks(std::span(landmarks).first(52)).ok());
}

TEST(DefaultMask, FollowsTheModelSize) {
  EXPECT_EQ(DefaultMask(kFace320), (Rect{5, 5, 306, 301}));
  EXPECT_EQ(DefaultMask(kFace160), (Rect{5, 5, 145, 140}));
}

// A picture in which every pixel tells its place.
Image PlaceImage(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.view().Row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x % 251);
      pixel[1] = static_cast<uint8_t>(y % 251);
      pixel[2] = static_cast<uint8_t>(1 + (x + y) % 200);
    }
  }
  return image;
}

bool SamePixel(ConstImageView a, int ax, int ay, ConstImageView b, int bx, int by) {
  return std::equal(a.Row(ay) + 3 * ax, a.Row(ay) + 3 * ax + 3, b.Row(by) + 3 * bx);
}

class DeriveInputsOf : public testing::TestWithParam<FaceGeometry> {};
INSTANTIATE_TEST_SUITE_P(Sizes, DeriveInputsOf, testing::Values(kFace320, kFace160));

TEST_P(DeriveInputsOf, RoiIsTheInsideOfTheCropAndMaskedIsBlackInTheMaskOnly) {
  const FaceGeometry face = GetParam();
  const Rect mask = DefaultMask(face);
  // A rectangle of the crop's own size needs no resampling, so the crop must be the picture itself.
  const Image pixels = PlaceImage(face.crop_px, face.crop_px);
  FaceInputs inputs;
  DeriveInputs(pixels.view(), face, mask, inputs);
  ASSERT_EQ(inputs.roi.width(), face.roi_px());
  const Image black(1, 1);
  for (int y = 0; y < face.roi_px(); ++y) {
    for (int x = 0; x < face.roi_px(); ++x) {
      const bool inside = x >= mask.x && x < mask.right() && y >= mask.y && y < mask.bottom();
      ASSERT_TRUE(SamePixel(inputs.crop.view(), x + 4, y + 4, pixels.view(), x + 4, y + 4));
      ASSERT_TRUE(SamePixel(inputs.roi.view(), x, y, inputs.crop.view(), x + 4, y + 4));
      ASSERT_TRUE(inside ? SamePixel(inputs.masked.view(), x, y, black.view(), 0, 0)
                         : SamePixel(inputs.masked.view(), x, y, inputs.roi.view(), x, y))
          << x << "," << y;
    }
  }
}

TEST(DeriveInputs, ReusesItsOutputForAnyRectangleSize) {
  FaceInputs inputs;
  for (const int side : {173, 1, 500}) {
    DeriveInputs(PlaceImage(side, side).view(), kFace320, kMaskRaw, inputs);
    EXPECT_EQ(inputs.crop.width(), 328);
    EXPECT_EQ(inputs.masked.height(), 320);
  }
}

TEST(Sanders, EveryRectangleFollowsFromItsLandmarks) {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const Path sanders = Path(data == nullptr ? "" : data) / "sanders";
  if (!std::filesystem::exists(sanders)) GTEST_SKIP() << "needs the test material (LIPSTREAM_TEST_DATA)";
  const auto stored = ReadCropRects(sanders / "cache" / "crop_rectangles.json");
  const auto listed = ReadCropRects(sanders / "crop_rects.json");
  static constexpr std::string_view kLandmarks[] = {".lms"};
  const auto files = FindNumberedFiles(sanders / "landmarks", kLandmarks);
  ASSERT_TRUE(files.ok() && files.value());
  const auto derived = ReadLandmarkRects(*files.value());
  ASSERT_TRUE(stored.ok() && listed.ok() && derived.ok());
  EXPECT_EQ(stored.value().size(), 523U);
  EXPECT_EQ(derived.value(), stored.value());
  EXPECT_EQ(listed.value(), stored.value());
}

}  // namespace
}  // namespace lips
