#include "base/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace lips {
namespace {

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }

// RFC 4648, section 10.
TEST(Base64, GivesTheStandardsExamples) {
  EXPECT_EQ(EncodeBase64(Bytes(""), Base64::kStandard), "");
  EXPECT_EQ(EncodeBase64(Bytes("f"), Base64::kStandard), "Zg==");
  EXPECT_EQ(EncodeBase64(Bytes("fo"), Base64::kStandard), "Zm8=");
  EXPECT_EQ(EncodeBase64(Bytes("foobar"), Base64::kStandard), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64(Bytes("fo"), Base64::kUrl), "Zm8");
  EXPECT_EQ(EncodeBase64(std::vector<uint8_t>{0xFB, 0xFF}, Base64::kUrl), "-_8");
  EXPECT_EQ(EncodeBase64(std::vector<uint8_t>{0xFB, 0xFF}, Base64::kStandard), "+/8=");
}

TEST(Base64, GivesBackAnyBytes) {
  std::mt19937 random(5);
  for (size_t size = 0; size < 70; ++size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    for (const Base64 alphabet : {Base64::kStandard, Base64::kUrl}) {
      EXPECT_EQ(DecodeBase64(EncodeBase64(bytes, alphabet), alphabet), bytes);
    }
  }
}

TEST(Base64, RefusesWhatNothingEncodesTo) {
  for (const char* text : {"Zg=", "Zg", "Zh==", "Z", "Zg==\n", "Z-==", "====", "Zm9v====", "Zg==Zg=="}) {
    EXPECT_FALSE(DecodeBase64(text, Base64::kStandard)) << text;
  }
  for (const char* text : {"Zg==", "Zh", "+/8", "A"}) EXPECT_FALSE(DecodeBase64(text, Base64::kUrl)) << text;
}

}  // namespace
}  // namespace lips
