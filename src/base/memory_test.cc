#include "base/memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace lips {
namespace {

TEST(Memory, WhatIsAvailableIsAPartOfWhatThereIs) {
  const int64_t physical = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  EXPECT_GT(AvailableMemoryBytes(), 0);
  EXPECT_LE(AvailableMemoryBytes(), physical);
}

TEST(Memory, SizesAreReadAsPeopleWriteThem) {
  constexpr int64_t kMega = int64_t{1} << 20;
  EXPECT_EQ(ParseByteSize("0").value(), 0);
  EXPECT_EQ(ParseByteSize("1500").value(), 1500);
  EXPECT_EQ(ParseByteSize("7b").value(), 7);
  EXPECT_EQ(ParseByteSize("500M").value(), 500 * kMega);
  EXPECT_EQ(ParseByteSize("500mb").value(), 500 * kMega);
  EXPECT_EQ(ParseByteSize("1.5GiB").value(), 1536 * kMega);
  EXPECT_EQ(ParseByteSize("2G").value(), 2048 * kMega);
}

TEST(Memory, WhatIsNoSizeIsRefused) {
  for (const char* text :
       {"", "G", "-1", "-0.1G", "nan", "inf", "1X", "1 G", "1GG", "1BB", "1e300", "5000000T", "2G "}) {
    EXPECT_EQ(ParseByteSize(text).error().code(), ErrorCode::kInvalidInput) << text;
  }
}

}  // namespace
}  // namespace lips
