#include "composite/natural.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "composite/border_match.h"
#include "composite/fade.h"
#include "composite/jaw_mask.h"
#include "image/colour.h"
#include "image/image.h"
#include "image/random_picture.h"
#include "kernels/match.h"

namespace lips {
namespace {

Rect RandomRect(int width, int height) {
  Rect rect;
  rect.x = *rc::gen::inRange(0, width);
  rect.y = *rc::gen::inRange(0, height);
  rect.width = *rc::gen::inRange(1, width - rect.x + 1);
  rect.height = *rc::gen::inRange(1, height - rect.y + 1);
  return rect;
}

// Anywhere between pixels, partly outside the picture too.
Place RandomPlace(int width, int height) {
  const Rect rect = RandomRect(width, height);
  const auto part = [](int least, int most) { return *rc::gen::inRange(least, most) / 64.0; };
  return {rect.x + part(-200, 200), rect.y + part(-200, 200), rect.width + part(0, 64), rect.height + part(0, 64)};
}

// The crop's inner square.
Image RoiOf(const Image& crop, int size) {
  const int border = (crop.width() - size) / 2;
  Image roi(size, size);
  CopyPixels(crop.view().Crop({border, border, size, size}), roi.view());
  return roi;
}

RC_GTEST_PROP(NaturalPaste, OfTheTemplatesOwnMouthChangesNoBit, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const int size = *rc::gen::element(160, 320);
  const Image crop = RandomPicture(rng, size + 8, size + 8);
  const Image roi = RoiOf(crop, size);
  const Image before = RandomPicture(rng, 101, 97);  // need not be what the crop was cut from
  const Place place = RandomPlace(101, 97);
  Image bgr = before.Clone();
  NaturalComposite().Paste(crop.view(), roi.view(), place, bgr.view());
  for (int y = 0; y < 97; ++y) RC_ASSERT(std::equal(bgr.view().Row(y), bgr.view().Row(y) + 303, before.view().Row(y)));
}

RC_GTEST_PROP(FadeMouth, GoesFromTheTemplateToTheMouth, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const int size = *rc::gen::element(160, 320);
  const Image crop = RandomPicture(rng, size + 8, size + 8), mouth = RandomPicture(rng, size, size);
  const Image roi = RoiOf(crop, size);
  const float presence = static_cast<float>(*rc::gen::inRange(0, 257)) / 256;
  for (const float part : {0.0F, presence, 1.0F}) {
    Image faded = mouth.Clone();
    FadeMouth(crop.view(), faded.view(), part, faded.view());
    for (int y = 0; y < size; ++y) {
      for (int i = 0; i < 3 * size; ++i) {
        const float from = roi.view().Row(y)[i], to = mouth.view().Row(y)[i];
        RC_ASSERT(std::abs(static_cast<float>(faded.view().Row(y)[i]) - (from + part * (to - from))) <= 0.5F);
      }
    }
  }
}

RC_GTEST_PROP(NaturalPaste, ChangesNothingOutsideTheMask, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const int size = *rc::gen::element(160, 320);
  const Image crop = RandomPicture(rng, size + 8, size + 8), mouth = RandomPicture(rng, size, size);
  const Image before = RandomPicture(rng, 231, 227);
  const Place place = RandomPlace(231, 227);
  const double feather = *rc::gen::inRange(5, 36) / 100.0;
  Image after = before.Clone();
  NaturalComposite(feather).Paste(crop.view(), mouth.view(), place, after.view());
  const std::vector<uint8_t> mask = JawMask(size, feather);
  for (int y = 0; y < 227; ++y) {
    for (int x = 0; x < 231; ++x) {
      // The pixel's place in the mask's picture, and the taps of the cubic around it.
      const double at_x = (x - place.x + 0.5) * (size + 8) / place.width - 4,
                   at_y = (y - place.y + 0.5) * (size + 8) / place.height - 4;
      bool reached = false;
      for (int j = -3; j <= 3; ++j) {
        for (int i = -3; i <= 3; ++i) {
          const int mx = static_cast<int>(std::floor(at_x)) + i, my = static_cast<int>(std::floor(at_y)) + j;
          if (mx < 0 || my < 0 || mx >= size || my >= size) continue;
          reached = reached || mask[static_cast<size_t>(my * size + mx)] != 0;
        }
      }
      if (reached) continue;
      for (int c = 0; c < 3; ++c) RC_ASSERT(after.view().Row(y)[3 * x + c] == before.view().Row(y)[3 * x + c]);
    }
  }
}

// What another lighting or a codec does to a mouth disappears; what it says does not.
TEST(NaturalPaste, TakesSmoothDifferencesOfColourAway) {
  std::mt19937 rng(5);
  constexpr int kSize = 320;
  const Image crop = SmoothPicture(rng, kSize + 8, kSize + 8);
  Image mouth = RoiOf(crop, kSize);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      for (int c = 0; c < 3; ++c) {
        uint8_t& sample = mouth.view().Row(y)[3 * x + c];
        sample = static_cast<uint8_t>(std::clamp(sample + 6 - 4 * c + x / 40 - y / 60, 0, 255));
      }
    }
  }
  Image frame(kSize + 8, kSize + 8);
  CopyPixels(crop.view(), frame.view());
  NaturalComposite().Paste(crop.view(), mouth.view(), {0, 0, kSize + 8, kSize + 8}, frame.view());
  int worst = 0;
  for (int y = 0; y < kSize + 8; ++y) {
    for (int i = 0; i < 3 * (kSize + 8); ++i) {
      worst = std::max(worst, std::abs(frame.view().Row(y)[i] - crop.view().Row(y)[i]));
    }
  }
  EXPECT_LE(worst, 3);

  for (int y = 130; y < 160; ++y) std::fill_n(mouth.view().Row(y) + 3 * 120, 3 * 80, uint8_t{20});  // lips part
  CopyPixels(crop.view(), frame.view());
  NaturalComposite().Paste(crop.view(), mouth.view(), {0, 0, kSize + 8, kSize + 8}, frame.view());
  EXPECT_NEAR(frame.view().Row(149)[3 * 164], 20 - 6 - 4 + 2, 4);
}

TEST(NaturalPaste, InPlanesIsWhatItIsInPixels) {
  std::mt19937 rng(6);
  const Image crop = SmoothPicture(rng, 328, 328), mouth = SmoothPicture(rng, 320, 320);
  Image bgr = SmoothPicture(rng, 400, 300);
  YuvImage planes(400, 300, {});
  BgrToYuv(bgr.view(), planes.view());
  YuvToBgr(std::as_const(planes).view(), bgr.view());
  const Rect rect = {101, 33, 183, 183};
  NaturalComposite composite;
  composite.Paste(crop.view(), mouth.view(), rect, bgr.view());
  composite.Paste(crop.view(), mouth.view(), rect, planes.view());
  Image shown(400, 300);
  YuvToBgr(std::as_const(planes).view(), shown.view());
  double sum = 0;
  for (int y = 0; y < 300; ++y) {
    for (int i = 0; i < 1200; ++i) sum += std::abs(shown.view().Row(y)[i] - bgr.view().Row(y)[i]);
  }
  EXPECT_LT(sum / (300 * 1200), 1.0) << "levels on average; chroma is shared by four pixels";
}

// Moved by a fraction of a pixel, the same change moves by as much: the centre of what it lightens tells.
TEST(NaturalPaste, PutsTheMouthBetweenPixels) {
  constexpr int kSize = 320;
  Image crop(kSize + 8, kSize + 8), mouth(kSize, kSize);
  for (int y = 90; y < 200; ++y) {
    for (int x = 100; x < 210; ++x) {  // a soft light: the resize does not smooth what it makes smaller
      const double level = 200 * std::exp(-(std::pow(x - 155, 2) + std::pow(y - 145, 2)) / 400);
      std::fill_n(mouth.view().Row(y) + ptrdiff_t{3} * x, 3, static_cast<uint8_t>(std::lround(level)));
    }
  }
  const auto centre_of = [&](double shift) {
    Image frame(260, 220);
    NaturalComposite().Paste(crop.view(), mouth.view(), {40 + shift, 20, 181.5, 181.5}, frame.view());
    double sum = 0, moment = 0;
    for (int y = 0; y < 220; ++y) {
      for (int x = 0; x < 260; ++x) sum += frame.view().Row(y)[3 * x], moment += x * frame.view().Row(y)[3 * x];
    }
    return moment / sum;
  };
  for (const double shift : {0.1, 0.25, 0.5, 0.8}) EXPECT_NEAR(centre_of(shift) - centre_of(0), shift, 0.03) << shift;
}

// The field's levels, to the nearest, for all rows.
std::vector<int> FieldOf(const BorderMatch& match, int size_px) {
  std::vector<int> levels;
  for (int y = 0; y < size_px; ++y) {
    const BorderMatch::FieldRow row = match.Row(y);
    for (size_t i = 0; i < row.above.size(); ++i) {
      const double steps = row.above[i] * (kernels::kMatchSteps - row.part) + row.below[i] * row.part;
      levels.push_back(static_cast<int>(std::lround(steps / (kernels::kMatchParts * kernels::kMatchSteps))));
    }
  }
  return levels;
}

// The field for a grey picture and one that differs from it by `by` levels, and by `beside` in its left half.
std::vector<int> MatchOf(int by, int beside) {
  constexpr int kSize = 160;
  Image from(kSize, kSize), to(kSize, kSize);
  for (int y = 0; y < kSize; ++y) {
    std::fill_n(from.view().Row(y), 3 * kSize, uint8_t{128});
    std::fill_n(to.view().Row(y), 3 * kSize, static_cast<uint8_t>(128 + by));
    std::fill_n(to.view().Row(y), 3 * kSize / 2, static_cast<uint8_t>(128 + beside));
  }
  BorderMatch match(JawMask(kSize), kSize);
  match.Fit(from.view(), to.view());
  return FieldOf(match, kSize);
}

TEST(BorderMatch, IsNothingForEqualPicturesAndBoundedForAny) {
  std::mt19937 rng(7);
  BorderMatch match(JawMask(160), 160);
  const Image a = RandomPicture(rng, 160, 160), b = RandomPicture(rng, 160, 160);
  match.Fit(a.view(), b.view());
  for (const int level : FieldOf(match, 160)) ASSERT_LE(std::abs(level), BorderMatch::kMostLevels);
  match.Fit(a.view(), a.view());
  for (const int level : FieldOf(match, 160)) ASSERT_EQ(level, 0);
  for (const int level : MatchOf(25, 25)) ASSERT_EQ(level, BorderMatch::kMostLevels);
}

TEST(BorderMatch, LooksAwayFromWhatIsAnotherThing) {
  for (const int level : MatchOf(5, 90)) ASSERT_EQ(level, 5);
  for (const int level : MatchOf(90, 90)) ASSERT_EQ(level, 0);
}

}  // namespace
}  // namespace lips
