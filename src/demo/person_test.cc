#include "demo/person.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "demo/draw_frames.h"
#include "image/image.h"

namespace lips::demo {
namespace {

constexpr int kWidth = 480;
constexpr int kHeight = 270;

const Person& ThePerson() {
  static const Person person(kWidth, kHeight, 1);
  return person;
}

Image Picture(const Pose& pose, const Mouth& mouth) {
  Image image(kWidth, kHeight);
  ThePerson().Draw(pose, mouth, {0, 0, kWidth, kHeight}, image.view());
  return image;
}

bool Same(ConstImageView a, ConstImageView b) {
  for (int y = 0; y < a.height; ++y) {
    if (std::memcmp(a.Row(y), b.Row(y), static_cast<size_t>(3) * static_cast<size_t>(a.width)) != 0) return false;
  }
  return a.width == b.width && a.height == b.height;
}

// Pixels between nose and chin for which `wanted(b, g, r)` holds.
template <typename Wanted>
int CountAtMouth(const Mouth& mouth, const Wanted& wanted) {
  const Image image = Picture({}, mouth);
  const Rect face = ThePerson().FaceRect({});
  const Landmark middle = ThePerson().Locate({}, 0, 0.70F);
  int count = 0;
  for (int y = static_cast<int>(middle.y) - face.width / 12; y < static_cast<int>(middle.y) + face.width / 5; ++y) {
    const uint8_t* row = image.view().Row(y);
    for (int x = static_cast<int>(middle.x) - face.width / 6; x < static_cast<int>(middle.x) + face.width / 6; ++x) {
      count += wanted(row[3 * x], row[3 * x + 1], row[3 * x + 2]) ? 1 : 0;
    }
  }
  return count;
}
int Cavity(const Mouth& mouth) {
  return CountAtMouth(mouth, [](int b, int g, int r) { return r < 105 && g < 60 && b < 60; });
}
int Teeth(const Mouth& mouth) {
  return CountAtMouth(mouth, [](int b, int g, int r) { return b > 150 && g > 165 && r - b < 45; });
}

struct Box {
  int left = kWidth, top = kHeight, right = 0, bottom = 0;
};
Box Differences(const Image& a, const Image& b) {
  Box box;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (std::memcmp(a.view().Row(y) + 3 * x, b.view().Row(y) + 3 * x, 3) == 0) continue;
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x + 1), std::max(box.bottom, y + 1)};
    }
  }
  return box;
}

TEST(Person, IsTheSameForAnyNumberOfThreads) {
  Pose pose;
  pose.yaw = 0.1F;
  Image one;
  Image three;
  ThreadPool alone(1);
  ThreadPool team(3);
  DrawFrame(ThePerson(), pose, {0.5F}, alone, one);
  DrawFrame(ThePerson(), pose, {0.5F}, team, three);
  EXPECT_TRUE(Same(one.view(), three.view()));
}

TEST(Person, DrawsAPartAsInTheWhole) {
  Pose pose;
  pose.yaw = -0.12F;
  pose.blink = 0.5F;
  const Image whole = Picture(pose, {0.4F, 0.2F});
  const Rect part = {151, 37, 201, 190};
  Image cut(part.width, part.height);
  ThePerson().Draw(pose, {0.4F, 0.2F}, part, cut.view());
  EXPECT_TRUE(Same(cut.view(), whole.view().Crop(part)));
}

TEST(Person, DrawsTwoMouthsAsOneAndOne) {
  Pose pose;
  pose.pitch = 0.06F;
  const Rect face = ThePerson().FaceRect(pose);
  Image speaking(face.width, face.height);
  Image resting(face.width, face.height);
  ThePerson().DrawBoth(pose, {Mouth{0.8F}, Mouth{}}, face, {speaking.view(), resting.view()});
  EXPECT_TRUE(Same(speaking.view(), Picture(pose, {0.8F}).view().Crop(face)));
  EXPECT_TRUE(Same(resting.view(), Picture(pose, {}).view().Crop(face)));
}

TEST(Person, FollowsTheSeed) {
  const Person other(kWidth, kHeight, 2);
  Image image(kWidth, kHeight);
  other.Draw({}, {}, {0, 0, kWidth, kHeight}, image.view());
  EXPECT_FALSE(Same(image.view(), Picture({}, {}).view()));
}

TEST(Person, OpensTheMouthWithOpen) {
  int before = Cavity({});
  EXPECT_LT(before, 20);  // the line between the lips at most
  for (const float open : {0.2F, 0.4F, 0.6F, 0.8F, 1.0F}) {
    const int now = Cavity({open});
    EXPECT_GT(now, before) << open;
    before = now;
  }
}

TEST(Person, ClosesTheMouthWithPressWhateverTheJawDoes) {
  EXPECT_LE(Cavity({0.8F, 0, 0, 0, 0, 1}), Cavity({}) + 4);
  EXPECT_EQ(Teeth({0.8F, 0, 0, 1, 0, 1}), 0);
}

TEST(Person, ShowsTeethWithTeethAndTuckOnly) {
  EXPECT_EQ(Teeth({}), 0);
  EXPECT_GT(Teeth({0.1F, 0.4F, 0, 1}), Teeth({0.1F, 0.4F, 0, 0.5F}));
  EXPECT_GT(Teeth({0.1F, 0, 0, 0.6F, 1}), 0);
}

TEST(Person, WidensWithWideAndNarrowsWithRound) {
  // Hundredths of a unit across in which there is the lips' red.
  const auto lips = [](const Mouth& mouth) {
    const Image image = Picture({}, mouth);
    int count = 0;
    for (float x = -0.5F; x < 0.5F; x += 0.01F) {
      int redness = 0;
      for (float y = 0.62F; y < 0.80F; y += 0.01F) {
        const Landmark at = ThePerson().Locate({}, x, y);
        const uint8_t* pixel = image.view().Row(static_cast<int>(at.y)) + 3 * static_cast<int>(at.x);
        redness = std::max(redness, pixel[2] - pixel[1]);
      }
      count += redness > 62 ? 1 : 0;
    }
    return count;
  };
  EXPECT_GT(lips({0, 1}), lips({}) + 4);
  EXPECT_LT(lips({0, 0, 1}), lips({}) - 4);
}

TEST(Person, MovesNothingAboveTheNoseOrOutsideTheRectangleWhenSpeaking) {
  for (const float yaw : {-0.15F, 0.F, 0.15F}) {
    Pose pose;
    pose.yaw = yaw;
    pose.roll = 0.4F * yaw;
    pose.tx = 0.5F * yaw;
    const Box box = Differences(Picture(pose, {1}), Picture(pose, {}));
    const Rect face = ThePerson().FaceRect(pose);
    EXPECT_GE(box.left, face.x);
    EXPECT_LE(box.right, face.right());
    EXPECT_LE(box.bottom, face.bottom());
    EXPECT_GE(box.top, static_cast<int>(ThePerson().Locate(pose, 0, 0.20F).y));
    // The mouth is where Locate says.
    EXPECT_NEAR(0.5 * (box.left + box.right), ThePerson().Locate(pose, 0, 0.9F).x, 0.04 * face.width) << yaw;
  }
}

TEST(Person, HasItsRectangleFromTheFacesContour) {
  for (const float yaw : {-0.12F, 0.F, 0.12F}) {
    Pose pose;
    pose.yaw = yaw;
    pose.scale = 1 + yaw;
    std::vector<Landmark> landmarks(110);
    landmarks[1] = ThePerson().Locate(pose, -0.92F, 0.02F);
    landmarks[31] = ThePerson().Locate(pose, 0.92F, 0.02F);
    landmarks[52] = ThePerson().Locate(pose, 0, 0.12F);
    const auto rect = RectFromLandmarks(landmarks);
    ASSERT_TRUE(rect.ok());
    EXPECT_EQ(ThePerson().FaceRect(pose), rect.value());
  }
}

// Skin within the contour at the height of the eyes, hair outside of it.
TEST(Person, LocatesTheDrawnContour) {
  const Image image = Picture({}, {});
  const auto brightness = [&](float x) {
    const Landmark at = ThePerson().Locate({}, x, 0.45F);
    return static_cast<int>(image.view().Row(static_cast<int>(at.y))[3 * static_cast<int>(at.x)]);
  };
  EXPECT_GT(brightness(-0.72F), brightness(-0.97F) + 25);
  EXPECT_GT(brightness(0.72F), brightness(0.97F) + 15);
}

TEST(Person, ClosesTheEyesWithBlink) {
  Pose closed;
  closed.blink = 1;
  const Landmark eye = ThePerson().Locate({}, -0.385F, -0.03F);
  const auto pixel = [&](const Image& image) {
    return image.view().Row(static_cast<int>(eye.y)) + 3 * static_cast<int>(eye.x);
  };
  const Image open_image = Picture({}, {});
  const Image closed_image = Picture(closed, {});
  EXPECT_LT(pixel(open_image)[2], 120);    // iris or pupil
  EXPECT_GT(pixel(closed_image)[2], 120);  // the lid's skin
  EXPECT_GT(pixel(closed_image)[2], pixel(closed_image)[0] + 15);
}

}  // namespace
}  // namespace lips::demo
