#include "base/hmac.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

std::string Hex(const HmacSha256Code& code) {
  std::string hex;
  for (const uint8_t byte : code) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

TEST(Hmac, MatchesTheStandardsExample) {  // RFC 4231, test case 2
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(SameSecret, ComparesContentsAndLength) {
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_FALSE(SameSecret("abc", "ab"));
  EXPECT_TRUE(SameSecret("", ""));
}

TEST(RandomName, IsAnotherOneEachTime) {
  EXPECT_EQ(RandomName(24).size(), 32u);
  EXPECT_NE(RandomName(24), RandomName(24));
}

}  // namespace
}  // namespace lips
