#include "model/name.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(PrintableName, KeepsTextOfAnyLanguage) {
  for (const char* name : {"conv", "Gesichtsmaß", "口型", "\xf0\x9f\x91\x84"}) EXPECT_EQ(PrintableName(name), name);
}

TEST(PrintableName, ReplacesControlCharactersAndStrayBytes) {
  EXPECT_EQ(PrintableName("a\nb\x7f"), "a?b?");
  EXPECT_EQ(PrintableName(std::string_view("\0x", 2)), "?x");
  EXPECT_EQ(PrintableName("\xff\xc3"), "??");       // a byte that is none, a sequence cut short
  EXPECT_EQ(PrintableName("\xc0\xaf"), "??");       // an overlong slash
  EXPECT_EQ(PrintableName("\xed\xa0\x80"), "???");  // half a surrogate pair
  EXPECT_EQ(PrintableName("\xf4\x90\x80\x80!"),
            "???"
            "?!");  // beyond the last code point
}

TEST(PrintableName, CutsBetweenCharacters) {
  EXPECT_EQ(PrintableName("aßb", 2), "a...");
  EXPECT_EQ(PrintableName("aßb", 4), "aßb");
  EXPECT_EQ(QuoteName(std::string(5000, 'a')), "'" + std::string(80, 'a') + "...'");
}

}  // namespace
}  // namespace lips
