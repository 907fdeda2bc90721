#include "media/wav_length.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

std::string Size(uint32_t n) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(n >> shift & 255);
  return bytes;
}

// A WAV whose data chunk claims `claimed` bytes, after `extra` chunks.
std::string Header(uint32_t claimed, const std::string& extra = "") {
  return "RIFF" + Size(0) + "WAVE" + "fmt " + Size(16) + std::string(16, '\0') + extra + "data" + Size(claimed);
}

bool Whole(const std::string& head, uint64_t audio_bytes) {
  return CheckWavIsWhole(std::span(reinterpret_cast<const uint8_t*>(head.data()), head.size()),
                         head.size() + audio_bytes)
      .ok();
}

TEST(WavLength, NoticesAFileThatHoldsLessThanItPromises) {
  EXPECT_TRUE(Whole(Header(1000), 1000));
  EXPECT_TRUE(Whole(Header(1000), 1004)) << "more may follow";
  EXPECT_FALSE(Whole(Header(1000), 999));
  EXPECT_FALSE(Whole(Header(1000, "LIST" + Size(3) + "abc" + std::string(1, '\0')), 10)) << "odd chunks are padded";
}

TEST(WavLength, LetsStreamedAndForeignFilesPass) {
  EXPECT_TRUE(Whole(Header(0xFFFFFFFF), 10));
  EXPECT_TRUE(Whole(Header(0), 10));
  EXPECT_TRUE(Whole("RF64" + Header(1000).substr(4), 10));
  EXPECT_TRUE(Whole("", 0));
  EXPECT_TRUE(Whole("RIFF", 100));
  EXPECT_TRUE(Whole(Header(1000, "LIST" + Size(0xFFFFFFFE)), 10)) << "a chunk that runs past everything";
}

}  // namespace
}  // namespace lips
