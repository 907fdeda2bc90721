// Audio for tests: WAV bytes of our own making and a signal that tells where it is.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "media/media_test_files.h"

namespace lips {

// MediaFolder whose files tests name as folder / "a.wav".
class AudioFolder : public MediaFolder {
 public:
  Path operator/(std::string_view name) const { return folder_ / name; }
};

// What a WAV header says; `data` follows as it is.
struct Wav {
  uint16_t format = 1;  // 1 integers, 3 floats
  uint16_t channels = 1;
  uint32_t rate_hz = 16000;
  uint16_t bits = 16;
  std::vector<uint8_t> data;
  int64_t claimed_data_bytes = -1;  // default: the truth

  std::vector<uint8_t> Bytes() const {
    std::vector<uint8_t> bytes;
    const auto text = [&](std::string_view s) { bytes.insert(bytes.end(), s.begin(), s.end()); };
    const auto number = [&](uint32_t value, int width) {
      for (int i = 0; i < width; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
    };
    const auto data_bytes =
        static_cast<uint32_t>(claimed_data_bytes < 0 ? static_cast<int64_t>(data.size()) : claimed_data_bytes);
    const uint32_t block = uint32_t{channels} * bits / 8;
    text("RIFF");
    number(data_bytes > UINT32_MAX - 36 ? UINT32_MAX : data_bytes + 36, 4);
    text("WAVEfmt ");
    number(16, 4);
    number(format, 2);
    number(channels, 2);
    number(rate_hz, 4);
    number(rate_hz * block, 4);
    number(block, 2);
    number(bits, 2);
    text("data");
    number(data_bytes, 4);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
  }
};

inline std::vector<uint8_t> Int16Data(std::span<const float> samples) {
  std::vector<uint8_t> data;
  for (const float sample : samples) {
    const auto value = static_cast<uint16_t>(static_cast<int16_t>(std::lround(sample * 32767.0f)));
    data.push_back(static_cast<uint8_t>(value & 0xff));
    data.push_back(static_cast<uint8_t>(value >> 8));
  }
  return data;
}

// A glide through the speech band with a mark of its own at every moment: correlation finds its place to the sample.
inline std::vector<float> Glide(int rate_hz, double seconds) {
  std::vector<float> samples(static_cast<size_t>(rate_hz * seconds));
  for (size_t n = 0; n < samples.size(); ++n) {
    const double t = static_cast<double>(n) / rate_hz;
    samples[n] = static_cast<float>(0.5 * std::sin(2 * 3.141592653589793 * (300 * t + 1500 * t * t)));
  }
  return samples;
}

}  // namespace lips
