#include "face/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Three minutes of a sharp face, 200 px wide, that hardly moves, and speech.
struct Recording {
  std::vector<FrameFacts> frames;
  std::vector<Rect> rects;
  WarningFacts facts;

  explicit Recording(size_t count = 4500)
      : frames(count, FrameFacts{FaceEdges{100, 300, 100}, {}, 0, 0.2}), rects(count, Rect{100, 100, 200, 200}) {
    facts.sound = SoundFacts{.peak = 0.5, .loud_s = 120, .seconds = static_cast<double>(count) / 25, .clipped = 0};
  }
  std::vector<std::string> Warnings() {
    facts.frames = frames;
    facts.rects = rects;
    return CaptureWarnings(facts);
  }
};

TEST(MouthRests, WhereTheGapBetweenTheLipsStaysAsItIs) {
  std::vector<FrameFacts> frames(500);
  EXPECT_FALSE(MouthRests(frames)) << "nobody looked";
  for (size_t k = 0; k < frames.size(); ++k) frames[k].lip_gap = 0.05 + 0.02 * static_cast<double>(k % 3);
  EXPECT_TRUE(MouthRests(frames));
  for (size_t k = 100; k < 106; ++k) frames[k].lip_gap = 0.5;  // a glitch
  EXPECT_TRUE(MouthRests(frames));
  for (size_t k = 100; k < 120; ++k) frames[k].lip_gap = 0.5;  // a word
  EXPECT_FALSE(MouthRests(frames));
  for (size_t k = 0; k < 100; ++k) frames[k].lip_gap.reset();
  for (size_t k = 100; k < 500; ++k) frames[k].lip_gap = 0.05;
  EXPECT_FALSE(MouthRests(frames)) << "a fifth of the frames is unknown";
}

TEST(CaptureWarnings, AreNoneForAGoodRecording) { EXPECT_THAT(Recording().Warnings(), IsEmpty()); }

TEST(CaptureWarnings, SayWhereTheFaceWasLost) {
  Recording recording;
  for (size_t i = 41 * 25; i < 41 * 25 + 12; ++i) recording.frames[i].edges.reset();
  EXPECT_THAT(recording.Warnings(), ElementsAre(HasSubstr("face lost for 12 frames at 0:41")));
  for (const size_t at : {100U, 200U, 300U, 2000U}) recording.frames[at].edges.reset();
  EXPECT_THAT(recording.Warnings(), ElementsAre(HasSubstr("for 12 frames at 0:41 and in 2 more places")));
}

TEST(CaptureWarnings, SpeakOfLengthAndSound) {
  Recording brief(10 * 25);
  brief.facts.sound->loud_s = 8;
  EXPECT_THAT(brief.Warnings(), ElementsAre(HasSubstr("too short: 10 s")));
  Recording silent;
  silent.facts.sound->peak = 0.001;
  EXPECT_THAT(silent.Warnings(), ElementsAre(HasSubstr("sound is silent")));
  Recording mute;
  mute.facts.sound.reset();
  EXPECT_THAT(mute.Warnings(), ElementsAre(HasSubstr("no sound")));
  Recording quiet;
  quiet.facts.sound->loud_s = 9;
  EXPECT_THAT(quiet.Warnings(), ElementsAre(HasSubstr("something is heard in 9 of 180 s")));
  Recording loud;
  loud.facts.sound->clipped = 0.01;
  EXPECT_THAT(loud.Warnings(), ElementsAre(HasSubstr("too loud")));
  Recording early;
  early.facts.sound->seconds = 121;
  EXPECT_THAT(early.Warnings(), ElementsAre(HasSubstr("sound ends at 2:01")));
}

TEST(CaptureWarnings, SpeakOfTheFace) {
  Recording two;
  for (size_t i = 300; i < 340; ++i) two.frames[i].others = 1;
  EXPECT_THAT(two.Warnings(), ElementsAre(HasSubstr("two faces for 40 frames at 0:12")));
  Recording small;
  for (Rect& rect : small.rects) rect.width = rect.height = 80;
  EXPECT_THAT(small.Warnings(), ElementsAre(HasSubstr("face too small: 80 px")));
  Recording blurred;
  for (FrameFacts& frame : blurred.frames) frame.detail = 0.02;
  EXPECT_THAT(blurred.Warnings(), ElementsAre(HasSubstr("blurred throughout")));
  Recording smeared;
  for (size_t i = 250; i < 260; ++i) smeared.frames[i].detail = 0.05;
  EXPECT_THAT(smeared.Warnings(), ElementsAre(HasSubstr("blurred for 10 frames at 0:10")));
  Recording jumping;
  for (size_t i = 500; i < 510; ++i) {
    const double shift = i % 2 == 0 ? 0 : 40;
    jumping.frames[i].edges = FaceEdges{100 + shift, 300 + shift, 100};
  }
  EXPECT_THAT(jumping.Warnings(), ElementsAre(HasSubstr("too much motion")));
  Recording outside;
  outside.facts.shifted.assign(4500, false);
  outside.facts.shifted[1000] = true;
  EXPECT_THAT(outside.Warnings(), ElementsAre(HasSubstr("partly outside the picture for 1 frame at 0:40")));
}

TEST(CaptureWarnings, AreSilentAboutFacesWhereRectanglesWereGiven) {
  Recording recording;
  for (FrameFacts& frame : recording.frames) frame = {};
  recording.facts.tracked = false;
  EXPECT_THAT(recording.Warnings(), IsEmpty());
}

TEST(SourceFrame, ShowsWhatIsOnScreenInTheMiddleOfAFrame) {
  for (int64_t k = 0; k < 100; ++k) EXPECT_EQ(SourceFrame(k, {25, 1}, 100), k);
  EXPECT_EQ(SourceFrame(0, {50, 1}, 100), 1);
  EXPECT_EQ(SourceFrame(49, {50, 1}, 100), 99);
  EXPECT_EQ(SourceFrame(10, {30000, 1001}, 1000), 12);
  EXPECT_EQ(SourceFrame(99, {10, 1}, 40), 39);
  EXPECT_EQ(FramesAt25({30, 1}, 300), 250);
  EXPECT_EQ(FramesAt25({60, 1}, 1), 1);
}

}  // namespace
}  // namespace lips
