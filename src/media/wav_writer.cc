#include "media/wav_writer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lips {

Status WriteSpeechWav(const Path& path, std::span<const float> samples, int rate_hz) {
  if (rate_hz < 1 || rate_hz > 768'000) {
    return Error(ErrorCode::kInvalidInput, "a sample rate of " + std::to_string(rate_hz) + " Hz");
  }
  if (samples.size() > (size_t{1} << 31) - 64) {
    return Error(ErrorCode::kResourceLimit, "'" + path.string() + "': too long for a WAV file");
  }
  const size_t data_bytes = 2 * samples.size();
  std::vector<uint8_t> file;
  file.reserve(44 + data_bytes);
  const auto text = [&](std::string_view letters) { file.insert(file.end(), letters.begin(), letters.end()); };
  const auto number = [&](size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  const auto rate = static_cast<size_t>(rate_hz);
  text("RIFF");
  number(36 + data_bytes, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(1, 2);  // channels
  number(rate, 4);
  number(2 * rate, 4);  // bytes a second
  number(2, 2);         // bytes a sample
  number(16, 2);        // bits
  text("data");
  number(data_bytes, 4);
  for (const float sample : samples) {
    const float scaled = std::isfinite(sample) ? sample * 32768 : 0;
    number(static_cast<size_t>(std::lround(std::clamp(scaled, -32768.0F, 32767.0F))), 2);
  }
  return WriteFileAtomically(path, file);
}

}  // namespace lips
