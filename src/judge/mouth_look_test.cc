#include "judge/mouth_look.h"

#include <gtest/gtest.h>

#include <vector>

#include "demo/lips.h"
#include "demo/motion.h"
#include "demo/phones.h"
#include "judge/verdict.h"

namespace lips {
namespace {

const demo::Person& Anna() {
  static const demo::Person kAnna(1280, 720, 1);  // painting her takes longest
  return kAnna;
}

// What is measured on pixels agrees with the curves that were drawn, whatever the head does meanwhile.
TEST(LookAtMouth, MeasuresTheMouthThatWasDrawn) {
  const demo::Person& person = Anna();
  const auto poses = demo::IdleMotion(36, 5);
  std::vector<double> drawn_gap, seen_gap, drawn_width, seen_width;
  Image frame(person.width(), person.height());
  for (size_t k = 0; k < poses.size(); ++k) {
    const auto part = [k](size_t of) { return static_cast<float>(k * of % 12) / 11; };
    demo::Mouth mouth;
    mouth.open = part(1);
    (k % 2 == 0 ? mouth.wide : mouth.round) = part(5);
    mouth.teeth = k % 3 == 0 ? part(7) : 0;
    const Rect face = person.FaceRect(poses[k]);
    person.Draw(poses[k], mouth, face, frame.view().Crop(face));
    const MouthLook look = LookAtMouth(person, poses[k], std::as_const(frame).view());
    const demo::LipShape shape(mouth);
    drawn_gap.push_back(static_cast<double>(shape.middle().inner_bottom - shape.middle().inner_top));
    seen_gap.push_back(look.opening);
    drawn_width.push_back(2.0 * static_cast<double>(shape.half_width()));
    seen_width.push_back(look.width);
  }
  EXPECT_GT(Correlation(drawn_gap, seen_gap), 0.93);
  EXPECT_GT(Correlation(drawn_width, seen_width), 0.97);
}

// "Would people move both of you four": lips pressed, tucked and rounded, which are thin, pale or small.
TEST(LookAtMouth, MeasuresTheMouthsOfSpeech) {
  const demo::Person& person = Anna();
  std::vector<demo::Phone> phones;
  for (const char* name : {"pau", "w",  "uh", "d", "p", "iy", "p", "el", "m", "uw", "v",  "b",
                           "ow",  "th", "ah", "v", "y", "uw", "f", "ao", "r", "s",  "iy", "pau"}) {
    phones.push_back({name, 0.1 * static_cast<double>(phones.size() + 1)});
  }
  const auto mouths = demo::MouthCurve(phones, 60);
  const auto poses = demo::IdleMotion(60, 5);
  std::vector<double> drawn_width, seen_width;
  Image frame(person.width(), person.height());
  for (size_t k = 0; k < poses.size(); ++k) {
    const Rect face = person.FaceRect(poses[k]);
    person.Draw(poses[k], mouths[k], face, frame.view().Crop(face));
    drawn_width.push_back(2.0 * static_cast<double>(demo::LipShape(mouths[k]).half_width()));
    seen_width.push_back(LookAtMouth(person, poses[k], std::as_const(frame).view()).width);
    EXPECT_NEAR(seen_width.back(), drawn_width.back(), 0.08) << k;
  }
  EXPECT_GT(Correlation(drawn_width, seen_width), 0.98);
}

TEST(LookAtMouth, SeesThatAMouthIsShut) {
  const demo::Person& person = Anna();
  Image frame(person.width(), person.height());
  for (const demo::Mouth& mouth : {demo::Mouth{}, demo::Mouth{.press = 1}, demo::Mouth{.wide = 1}}) {
    const Rect face = person.FaceRect({});
    person.Draw({}, mouth, face, frame.view().Crop(face));
    EXPECT_LT(LookAtMouth(person, {}, std::as_const(frame).view()).opening, 0.012) << mouth.press;
  }
}

TEST(LipsArea, HoldsTheMouthWhateverTheHeadDoes) {
  const demo::Person& person = Anna();
  for (const demo::Pose& pose : demo::IdleMotion(100, 3)) {
    const Rect area = LipsArea(person, pose);
    const Rect face = person.FaceRect(pose);
    EXPECT_GT(area.x, face.x);
    EXPECT_LT(area.right(), face.right());
    EXPECT_GT(area.y, face.y);
    const Landmark middle = person.Locate(pose, 0, 0.70F);
    EXPECT_GT(middle.y, area.y + area.height / 8.0);
    EXPECT_LT(middle.y, area.y + area.height / 2.0);
  }
}

TEST(Correlation, IsOfWhatVariesTogether) {
  EXPECT_NEAR(Correlation({1, 2, 3}, {2, 4, 6}), 1, 1e-12);
  EXPECT_NEAR(Correlation({1, 2, 3}, {3, 2, 1}), -1, 1e-12);
  EXPECT_EQ(Correlation({1, 2, 3}, {5, 5, 5}), 0);
  EXPECT_EQ(Correlation({1}, {1}), 0);
}

TEST(SumUp, JudgesAMouthThatNeverMovesByWhatItMisses) {
  const MouthLook rest = {0, 0.65};
  std::vector<JudgedFrame> frames;
  for (int k = 0; k < 10; ++k) {
    const MouthLook drawn = {0.03 * k, k % 2 == 0 ? 0.65 : 0.5};
    JudgedFrame frame = {drawn, rest, {0, 300}, {0, 300}, {0, 300}, {}, {}};
    // Every second frame 10 times as far from the truth as the others: 10 and 20 dB.
    const double tenths = k % 2 == 0 ? 1 : 10;
    frame.resting_mouth = frame.resting_lips = {tenths * 300 * 255 * 255 / 100, 300};
    frames.push_back(frame);
  }
  Verdict verdict = SumUp("all", frames, rest);
  EXPECT_EQ(verdict.opening, 0);
  EXPECT_EQ(verdict.round, 0);
  EXPECT_NEAR(verdict.resting_mouth_psnr_db, 15, 1e-9);                                 // mean of the frames'
  EXPECT_NEAR(verdict.resting_lips_psnr_db, -10 * std::log10((0.01 + 0.1) / 2), 1e-9);  // of all squares together
  for (JudgedFrame& frame : frames) frame.rendered = frame.drawn;
  verdict = SumUp("all", frames, rest);
  EXPECT_NEAR(verdict.opening, 1, 1e-12);
  EXPECT_NEAR(verdict.round, 1, 1e-12);
  EXPECT_EQ(verdict.width, 0);  // nothing is wider than at rest
  EXPECT_EQ(verdict.closed_opening, 0);
}

}  // namespace
}  // namespace lips
