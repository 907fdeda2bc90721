// Bytes -> audio samples through FFmpeg's demuxers and decoders and our glue; what comes out must fit together.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/log.h"
#include "media/audio_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lips::SetLogLevel(lips::LogLevel::kOff);  // damage is this target's daily bread
  auto reader = lips::AudioReader::OpenBytes({data, size}, "fuzz.wav");
  if (!reader.ok()) return 0;
  const lips::AudioInfo& info = reader.value().info();
  if (info.channels < 1 || info.channels > 64 || info.rate_hz < 1) std::abort();
  std::vector<float> samples;
  constexpr size_t kEnough = size_t{1} << 20;  // a few bytes of FLAC can claim hours of silence
  for (size_t total = 0; total < kEnough && reader.value().Read(samples).ok(); total += samples.size()) {
    if (samples.empty() || samples.size() % static_cast<size_t>(info.channels) != 0) std::abort();
  }
  return 0;
}
