#include "composite/label.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>
#include <vector>

#include "image/image.h"
#include "image/text.h"

namespace lips {
namespace {

constexpr YuvFormat kFormat{YuvMatrix::kBt601, YuvRange::kLimited};

class LabelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto font = FindFont(); !font.ok()) GTEST_SKIP() << font.error().message();
  }
};

YuvImage Grey(int width, int height, uint8_t luma) {
  YuvImage frame(width, height, kFormat);
  for (int y = 0; y < height; ++y) std::fill_n(frame.view().y.Row(y), width, luma);
  for (int y = 0; y < (height + 1) / 2; ++y) std::fill_n(frame.view().u.Row(y), (width + 1) / 2, uint8_t{90});
  return frame;
}

bool Inside(Rect area, int x, int y) { return x >= area.x && x < area.right() && y >= area.y && y < area.bottom(); }

// Letters must stand out against whatever they are on, from 360 lines to 2160.
TEST_F(LabelTest, IsReadableOnAnyPictureAtAnySize) {
  for (const auto& [width, height] : {std::pair{640, 360}, {1280, 720}, {1081, 1919}, {3840, 2160}}) {
    const auto label = Label::Create({.text = "AI-generated"}, width, height, {});
    ASSERT_TRUE(label.ok()) << label.error().message();
    const Rect area = label.value().area();
    EXPECT_GE(area.height, std::min(width, height) / 24);
    EXPECT_GE(area.x, 0);
    EXPECT_LE(area.right(), width);
    EXPECT_LE(area.bottom(), height);
    for (const uint8_t luma : {uint8_t{16}, uint8_t{128}, uint8_t{235}}) {
      YuvImage frame = Grey(width, height, luma);
      label.value().Burn(frame.view());
      int least = 255, most = 0;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const uint8_t sample = std::as_const(frame).view().y.Row(y)[x];
          if (!Inside(area, x, y)) {
            ASSERT_EQ(sample, luma);
            continue;
          }
          least = std::min<int>(least, sample);
          most = std::max<int>(most, sample);
        }
      }
      EXPECT_GE(most - least, 130) << width << ' ' << int{luma};
      EXPECT_GE(most, 230);
      for (int y = 0; y < (height + 1) / 2; ++y) {
        for (int x = 0; x < (width + 1) / 2; ++x) {
          if (Inside(area, 2 * x, 2 * y)) continue;
          ASSERT_EQ(std::as_const(frame).view().u.Row(y)[x], 90);
        }
      }
    }
  }
}

TEST_F(LabelTest, StandsWhereItIsTold) {
  const auto area = [](LabelPlace place) {
    return Label::Create({.text = "AI", .place = place}, 640, 360, {}).value().area();
  };
  EXPECT_LT(area(LabelPlace::kBottomLeft).right(), 320);
  EXPECT_GT(area(LabelPlace::kBottomLeft).y, 180);
  EXPECT_GT(area(LabelPlace::kTopRight).x, 320);
  EXPECT_LT(area(LabelPlace::kTopRight).bottom(), 180);
  EXPECT_NEAR(area(LabelPlace::kBottom).x + area(LabelPlace::kBottom).width / 2, 320, 2);
  EXPECT_EQ(area(LabelPlace::kAuto), area(LabelPlace::kBottomLeft));
  EXPECT_FALSE(ParseLabelPlace("middle").ok());
  EXPECT_EQ(ParseLabelPlace("top-left").value(), LabelPlace::kTopLeft);
}

TEST_F(LabelTest, NeverHidesAMouth) {
  const std::vector<Rect> faces = {{}, {0, 120, 240, 240}, {380, 120, 240, 240}};  // to the left and right, low
  const auto by_itself = Label::Create({.text = "AI-generated"}, 640, 360, faces);
  ASSERT_TRUE(by_itself.ok());
  for (const Rect face : faces) {
    const Rect mouth{face.x + face.width / 4, face.y + face.height / 4, face.width / 2, face.height / 2};
    const Rect area = by_itself.value().area();
    EXPECT_FALSE(area.x < mouth.right() && mouth.x < area.right() && area.y < mouth.bottom() &&
                 mouth.y < area.bottom());
  }
  // A face so near that its mouth reaches down there.
  const std::vector<Rect> close = {{60, 100, 400, 360}};
  const auto told = Label::Create({.text = "AI-generated", .place = LabelPlace::kBottom}, 640, 360, close);
  ASSERT_FALSE(told.ok());
  EXPECT_NE(told.error().message().find("hide the mouth"), std::string::npos);
  const std::vector<Rect> everywhere = {{-200, -200, 1000, 800}};
  EXPECT_FALSE(Label::Create({.text = "AI-generated"}, 640, 360, everywhere).ok());
}

TEST_F(LabelTest, ShrinksBeforeItGivesUp) {
  const std::string text = "This video was made by a machine, and nobody in it said so";
  const auto fits = Label::Create({.text = text}, 640, 360, {});
  ASSERT_TRUE(fits.ok()) << fits.error().message();
  EXPECT_LE(fits.value().area().width, 640);
  const auto too_long = Label::Create({.text = text}, 160, 120, {});
  ASSERT_FALSE(too_long.ok());
  EXPECT_NE(too_long.error().message().find("too long"), std::string::npos);
}

// Transparent frames: the label shows where the picture does not, and agrees with the opaque one where it does.
TEST_F(LabelTest, IsAsOpaqueInTransparentFrames) {
  const Label label = Label::Create({.text = "AI"}, 960, 720, {}).value();
  const Rect area = label.area();
  for (const int opacity : {0, 255}) {
    YuvImage frame = Grey(960, 720, 200);
    Plane alpha(960, 720, static_cast<uint8_t>(opacity));
    label.Burn(frame.view(), alpha.view());
    YuvImage opaque = Grey(960, 720, 200);
    label.Burn(opaque.view());
    int white = 0;
    for (int y = 0; y < 720; ++y) {
      for (int x = 0; x < 960; ++x) {
        const int a = std::as_const(alpha).view().Row(y)[x];
        if (!Inside(area, x, y)) {
          ASSERT_EQ(a, opacity);
          continue;
        }
        EXPECT_GE(a, 160);
        white += a == 255 && std::as_const(frame).view().y.Row(y)[x] > 230 ? 1 : 0;
        if (opacity == 0) continue;
        EXPECT_EQ(std::as_const(frame).view().y.Row(y)[x], std::as_const(opaque).view().y.Row(y)[x]);
      }
    }
    EXPECT_GT(white, 10);
  }
}

}  // namespace
}  // namespace lips
