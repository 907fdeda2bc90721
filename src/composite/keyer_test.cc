#include "composite/keyer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "composite/over.h"
#include "image/colour.h"
#include "image/image.h"
#include "image/random_picture.h"

namespace lips {
namespace {

constexpr YuvFormat kFormat{YuvMatrix::kBt709, YuvRange::kLimited};

// A picture of one colour, in B, G, R.
YuvImage Flat(int width, int height, uint8_t b, uint8_t g, uint8_t r) {
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* at = picture.view().Row(y) + ptrdiff_t{3} * x;
      at[0] = b;
      at[1] = g;
      at[2] = r;
    }
  }
  YuvImage out(width, height, kFormat);
  BgrToYuv(picture.view(), out.view());
  return out;
}

YuvImage RandomYuv(int width, int height, uint32_t seed) {
  YuvImage out(width, height, kFormat);
  uint32_t state = seed * 2654435761U + 1;
  for (const PlaneView plane : {out.view().y, out.view().u, out.view().v}) {
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x)
        plane.Row(y)[x] = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    }
  }
  return out;
}

int OpacityOf(const KeyColour& key, uint8_t b, uint8_t g, uint8_t r) {
  const YuvImage picture = Flat(4, 4, b, g, r);
  Plane alpha(4, 4, 7);
  Keyer(key, kFormat).Matte(picture.view(), alpha.view());
  for (int i = 0; i < 16; ++i) EXPECT_EQ(alpha.view().Row(i / 4)[i % 4], alpha.view().data[0]);
  return alpha.view().data[0];
}

TEST(Keyer, TellsTheScreenFromPeople) {
  const KeyColour green;
  EXPECT_EQ(OpacityOf(green, 0, 255, 0), 0);        // the key
  EXPECT_EQ(OpacityOf(green, 20, 225, 15), 0);      // unevenly lit
  EXPECT_EQ(OpacityOf(green, 110, 150, 205), 255);  // skin
  EXPECT_EQ(OpacityOf(green, 40, 60, 90), 255);     // dark skin, hair
  EXPECT_EQ(OpacityOf(green, 0, 0, 0), 255);
  EXPECT_EQ(OpacityOf(green, 255, 255, 255), 255);
  EXPECT_EQ(OpacityOf(green, 200, 30, 20), 255);   // a blue shirt
  const int half = OpacityOf(green, 64, 191, 64);  // half grey, half key
  EXPECT_GT(half, 40);
  EXPECT_LT(half, 215);
  const KeyColour blue{.blue = 220, .green = 40, .red = 10};
  EXPECT_EQ(OpacityOf(blue, 220, 40, 10), 0);
  EXPECT_EQ(OpacityOf(blue, 40, 200, 40), 255);
  EXPECT_EQ(OpacityOf(blue, 110, 150, 205), 255);
}

TEST(Keyer, ToleranceTakesMoreForScreenAndSoftnessFadesLonger) {
  const auto opacity = [](double tolerance, double softness) {
    return OpacityOf({.tolerance = tolerance, .softness = softness}, 64, 191, 64);
  };
  EXPECT_EQ(opacity(0.7, 0.2), 0);
  EXPECT_EQ(opacity(0.1, 0.1), 255);
  EXPECT_LT(opacity(0.1, 0.8), 255);
  EXPECT_EQ(opacity(0, 0), 255);  // an edge without a fade is allowed
}

TEST(Keyer, TakesTheKeysHueOutOfWhatIsLeftAndNothingElse) {
  // Skin in green light: no greener than red and blue together afterwards. Skin without any keeps its bits.
  YuvImage lit = Flat(8, 8, 110, 215, 190);
  const YuvImage before = lit.Clone();
  const Keyer keyer({}, kFormat);
  const Plane opaque(8, 8, 255);
  keyer.Despill(opaque.view(), lit.view());
  const int green_before = (before.view().u.data[0] - 128) + (before.view().v.data[0] - 128);
  const int green_after = (lit.view().u.data[0] - 128) + (lit.view().v.data[0] - 128);
  EXPECT_GT(green_after, green_before + 5);  // green lies at the negative end of both
  EXPECT_EQ(lit.view().y.data[0], before.view().y.data[0]);

  YuvImage skin = Flat(8, 8, 110, 150, 205);
  const YuvImage same = skin.Clone();
  keyer.Despill(opaque.view(), skin.view());
  EXPECT_EQ(skin.view().y.data[0], same.view().y.data[0]);
  EXPECT_EQ(skin.view().u.data[0], same.view().u.data[0]);
  EXPECT_EQ(skin.view().v.data[0], same.view().v.data[0]);
}

// A pixel that is half person, half screen: the person's own luma comes back.
TEST(Keyer, UnmixesTheLumaOfEdges) {
  const YuvImage person = Flat(4, 4, 110, 150, 205);
  const YuvImage screen = Flat(4, 4, 0, 255, 0);
  YuvImage edge = person.Clone();
  const Plane half(4, 4, 128);
  PutOver(screen.view(), half.view(), edge.view());
  Keyer({}, kFormat).Despill(half.view(), edge.view());
  EXPECT_NEAR(edge.view().y.data[5], person.view().y.data[5], 1);
}

// What PutOver says it is, in the plainest arithmetic.
RC_GTEST_PROP(PutOver, IsAWeightedMean, ()) {
  const int width = *rc::gen::inRange(1, 20);
  const int height = *rc::gen::inRange(1, 12);
  const auto seed = *rc::gen::inRange<uint32_t>(0, 1000);
  const YuvImage background = RandomYuv(width, height, seed);
  const YuvImage front = RandomYuv(width, height, seed + 1);
  Plane alpha(width, height, 0);
  const YuvImage noise = RandomYuv(width, height, seed + 2);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) alpha.view().Row(y)[x] = std::as_const(noise).view().y.Row(y)[x];
  }
  YuvImage out = front.Clone();
  PutOver(background.view(), std::as_const(alpha).view(), out.view());
  const auto expected = [](double a, double f, double b) {
    return static_cast<int>(std::floor((a * f + (255 - a) * b) / 255 + 0.5));
  };
  const ConstPlaneView opacity = std::as_const(alpha).view();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      RC_ASSERT(std::as_const(out).view().y.Row(y)[x] ==
                expected(opacity.Row(y)[x], front.view().y.Row(y)[x], background.view().y.Row(y)[x]));
    }
  }
  for (int y = 0; y < (height + 1) / 2; ++y) {
    for (int x = 0; x < (width + 1) / 2; ++x) {
      int sum = 0;
      for (const int j : {2 * y, std::min(2 * y + 1, height - 1)}) {
        for (const int i : {2 * x, std::min(2 * x + 1, width - 1)}) sum += opacity.Row(j)[i];
      }
      const int mean = (sum + 2) / 4;
      RC_ASSERT(std::as_const(out).view().u.Row(y)[x] ==
                expected(mean, front.view().u.Row(y)[x], background.view().u.Row(y)[x]));
      RC_ASSERT(std::as_const(out).view().v.Row(y)[x] ==
                expected(mean, front.view().v.Row(y)[x], background.view().v.Row(y)[x]));
    }
  }
}

}  // namespace
}  // namespace lips
