#include "image/key_colour.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(KeyColour, IsReadFromDigitsAndNames) {
  KeyColour key;
  key.tolerance = 0.25;
  for (const char* text : {"#2ea043", "2EA043"}) {
    ASSERT_TRUE(ParseKeyColour(text, key).ok());
    EXPECT_EQ(KeyColourText(key), "#2ea043");
  }
  ASSERT_TRUE(ParseKeyColour("blue", key).ok());
  EXPECT_EQ(KeyColourText(key), "#0000ff");
  EXPECT_EQ(key.tolerance, 0.25);
}

TEST(KeyColour, RefusesWhatIsNoColour) {
  KeyColour key;
  for (const char* text : {"", "#", "#00ff0", "#00ff000", "#00fg00", "#-0ff00", " 00ff00", "##00ff0", "lawn"}) {
    EXPECT_FALSE(ParseKeyColour(text, key).ok()) << text;
  }
  EXPECT_EQ(KeyColourText(key), "#00ff00");
}

TEST(KeyColour, RefusesGreyAndSharesOutOfRange) {
  EXPECT_TRUE(CheckKeyColour({}).ok());
  EXPECT_FALSE(CheckKeyColour({.blue = 120, .green = 128, .red = 130}).ok());
  EXPECT_FALSE(CheckKeyColour({.tolerance = 1.5}).ok());
  EXPECT_FALSE(CheckKeyColour({.softness = -0.1}).ok());
  EXPECT_FALSE(CheckKeyColour({.spill = 0.0 / 0.0}).ok());
}

}  // namespace
}  // namespace lips
