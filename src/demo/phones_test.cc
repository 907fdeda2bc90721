#include "demo/phones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lips::demo {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;

std::string MessageOf(std::string_view text) {
  const auto phones = ParsePhones(text);
  return phones.ok() ? "no error" : phones.error().message();
}

// Phones of 0.2 s each from time 0, and the mouth at every frame of them and half a second more.
std::vector<Mouth> MouthsOf(const std::vector<std::string>& names) {
  std::vector<Phone> phones;
  for (const std::string& name : names) phones.push_back({name, 0.2 * static_cast<double>(phones.size() + 1)});
  return MouthCurve(phones, static_cast<int64_t>(5 * names.size() + 12));
}

TEST(ParsePhones, ReadsWhatFlitePrints) {
  const auto phones = ParsePhones("pau:0.164 hh:0.255 ax:0.304\n l:0.412 ow1:0.523 \n");
  ASSERT_TRUE(phones.ok());
  ASSERT_EQ(phones.value().size(), 5U);
  EXPECT_EQ(phones.value()[4].name, "ow");  // the digit only marks stress
  EXPECT_DOUBLE_EQ(phones.value()[4].end_s, 0.523);
}

TEST(ParsePhones, ReadsLinesAndComments) {
  const auto phones = ParsePhones("# by hand\nHH 0.1\n\naa 0.25 # long\r\npau 0.5");
  ASSERT_TRUE(phones.ok());
  ASSERT_EQ(phones.value().size(), 3U);
  EXPECT_EQ(phones.value()[0].name, "hh");
}

TEST(ParsePhones, SaysInOneSentenceWhatIsWrong) {
  EXPECT_THAT(MessageOf(""), HasSubstr("no phones found"));
  EXPECT_THAT(MessageOf("# nothing\n"), HasSubstr("no phones found"));
  EXPECT_THAT(MessageOf("aa 0.1\nqq 0.2"),
              AllOf(HasSubstr("line 2"), HasSubstr("unknown phone 'qq'"), HasSubstr(" aa ")));
  EXPECT_THAT(MessageOf("aa soon"), AllOf(HasSubstr("line 1"), HasSubstr("'soon'")));
  EXPECT_THAT(MessageOf("aa nan"), HasSubstr("'nan'"));
  EXPECT_THAT(MessageOf("aa inf"), HasSubstr("'inf'"));
  EXPECT_THAT(MessageOf("aa:"), HasSubstr("expected the seconds"));
  EXPECT_THAT(MessageOf("aa 0.5\nm 0.4"), AllOf(HasSubstr("line 2"), HasSubstr("before it begins")));
  EXPECT_THAT(MessageOf("aa -1"), HasSubstr("before it begins"));
  EXPECT_THAT(MessageOf("aa 1 2"), HasSubstr("'phone end_seconds'"));
  EXPECT_THAT(MessageOf("aa 1e9"), HasSubstr("24 hours"));
}

TEST(ReadPhones, NamesTheFile) {
  const auto phones = ReadPhones("/nowhere/a.phones");
  ASSERT_FALSE(phones.ok());
  EXPECT_THAT(phones.error().message(), HasSubstr("/nowhere/a.phones"));
}

TEST(MouthCurve, IsAtRestInSilenceAndAfterTheLastPhone) {
  for (const Mouth& mouth : {MouthsOf({"pau"})[2], MouthsOf({"aa"}).back()}) {
    EXPECT_LT(mouth.open, 0.01F);
    EXPECT_LT(mouth.wide + mouth.round + mouth.teeth + mouth.tuck + mouth.press, 0.02F);
  }
  EXPECT_TRUE(MouthCurve({{"aa", 1}}, 0).empty());
}

TEST(MouthCurve, ClosesFullyHoweverOpenTheNeighboursAre) {
  for (const char* closed : {"m", "b", "p"}) {
    const Mouth mouth = MouthsOf({"aa", closed, "aa"})[7];
    EXPECT_GT(mouth.press, 0.99F) << closed;
    EXPECT_LT(mouth.open, 0.1F) << closed;
  }
}

// Filmed 25 times a second, a closure of 30 ms must be on one frame at least, wherever it falls between frames.
TEST(MouthCurve, ClosesOnSomeFrameEvenForAShortPhone) {
  for (int ms = 0; ms < 40; ms += 5) {
    const double begin = 0.4 + 0.001 * ms;
    const auto curve = MouthCurve({{"aa", begin}, {"b", begin + 0.03}, {"aa", 1}}, 25);
    EXPECT_GT(std::ranges::max(curve, {}, &Mouth::press).press, 0.95F) << ms;
  }
}

TEST(MouthCurve, ShowsEachSoundItsOwnWay) {
  const auto at = [](const char* phone) { return MouthsOf({"pau", phone, "pau"})[7]; };
  EXPECT_GT(at("aa").open, 0.7F);
  EXPECT_GT(at("uw").round, 0.8F);
  EXPECT_GT(at("iy").wide, 0.75F);
  EXPECT_GT(at("s").teeth, 0.8F);
  EXPECT_GT(at("f").tuck, 0.95F);
  EXPECT_LT(at("f").press, 0.05F);
  EXPECT_LT(at("s").open, at("eh").open);
}

TEST(MouthCurve, StaysWithinBoundsAndMovesSmoothly) {
  const auto curve = MouthsOf({"m", "aa", "b", "iy", "f", "uw", "s", "p", "ao", "v", "ay", "m"});
  const auto unit = AllOf(::testing::Ge(0.F), ::testing::Le(1.F));
  EXPECT_THAT(curve, Each(AllOf(Field(&Mouth::open, unit), Field(&Mouth::wide, unit), Field(&Mouth::round, unit),
                                Field(&Mouth::teeth, unit), Field(&Mouth::tuck, unit), Field(&Mouth::press, unit))));
  for (size_t i = 1; i < curve.size(); ++i) EXPECT_LT(std::abs(curve[i].round - curve[i - 1].round), 0.5F) << i;
}

}  // namespace
}  // namespace lips::demo
