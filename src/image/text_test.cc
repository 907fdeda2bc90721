#include "image/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lips {
namespace {

int Ink(const Plane& plane) {
  int sum = 0;
  for (int y = 0; y < plane.height(); ++y) {
    for (int x = 0; x < plane.width(); ++x) sum += plane.view().Row(y)[x] > 128 ? 1 : 0;
  }
  return sum;
}

class Text : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = FindFont();
    if (!found.ok()) GTEST_SKIP() << found.error().message();
    font = found.value();
  }
  Path font;
};

TEST_F(Text, HasTheSizeAskedFor) {
  for (const int size : {12, 40, 120}) {
    const auto line = DrawText("Hg", font, size);
    ASSERT_TRUE(line.ok()) << line.error().message();
    EXPECT_LE(line.value().height(), size + 1);
    EXPECT_GE(line.value().height(), size / 2);
  }
}

TEST_F(Text, LettersStandInOrder) {
  const Plane li = DrawText("l.", font, 60).value();
  // The upper half belongs to the l, on the left; the dot is low, on the right.
  int left = 0, right = 0;
  for (int y = 0; y < li.height() / 2; ++y) {
    for (int x = 0; x < li.width(); ++x) (x < li.width() / 2 ? left : right) += li.view().Row(y)[x];
  }
  EXPECT_GT(left, 0);
  EXPECT_EQ(right, 0);
}

TEST_F(Text, TakesUtf8) {
  const auto line = DrawText("KI-generiert · künstlich ©", font, 30);
  ASSERT_TRUE(line.ok()) << line.error().message();
  EXPECT_GT(Ink(line.value()), Ink(DrawText("KI-generiert", font, 30).value()));
}

TEST_F(Text, RefusesWhatItCannotDraw) {
  for (const std::string& text : {std::string(), std::string("   "), std::string("a\nb"), std::string("\xff"),
                                  std::string("\xc3"), std::string("\xc0\x80"), std::string("\xed\xa0\x80"),
                                  std::string("\xf4\x90\x80\x80"), std::string(201, 'a'), std::string("\U00012000")}) {
    EXPECT_FALSE(DrawText(text, font, 20).ok()) << text;
  }
  EXPECT_FALSE(DrawText("a", font, 3).ok());
  EXPECT_FALSE(DrawText("a", "/nowhere/font.ttf", 20).ok());
  EXPECT_FALSE(DrawText("a", "/proc/self/exe", 20).ok());
}

}  // namespace
}  // namespace lips
