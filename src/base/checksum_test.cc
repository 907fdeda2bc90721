#include "base/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

namespace lips {
namespace {

uint64_t SumOf(std::string_view text) {
  return Checksum64Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// Sums that other implementations of XXH64 publish.
TEST(Checksum64, IsXxh64) {
  EXPECT_EQ(SumOf(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(SumOf("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(SumOf("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(SumOf("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

TEST(Checksum64, AnyChunkingGivesTheSame) {
  std::vector<uint8_t> bytes(1000);
  std::iota(bytes.begin(), bytes.end(), uint8_t{3});
  const std::span<const uint8_t> all = bytes;
  for (const size_t chunk : {1, 7, 31, 32, 33, 64, 999}) {
    Checksum64 sum;
    for (size_t at = 0; at < all.size(); at += chunk) sum.Add(all.subspan(at, std::min(chunk, all.size() - at)));
    EXPECT_EQ(sum.Value(), Checksum64Of(all)) << chunk;
  }
}

TEST(Checksum64, EveryByteCounts) {
  std::vector<uint8_t> bytes(100);
  const uint64_t before = Checksum64Of(bytes);
  for (uint8_t& byte : bytes) {
    byte ^= 1;
    EXPECT_NE(Checksum64Of(bytes), before);
    byte ^= 1;
  }
}

}  // namespace
}  // namespace lips
