#include "base/sha256.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

TEST(Sha256, MatchesTheStandardsExamples) {  // FIPS 180-4
  EXPECT_EQ(Sha256Hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string abc = "abc";
  Sha256 hash;
  hash.AddValues(std::span<const char>(abc).first(1));
  hash.AddValues(std::span<const char>(abc).subspan(1));
  EXPECT_EQ(hash.Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace lips
