#include "bench/material.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "audio/mel.h"
#include "audio/window.h"

namespace lips {
Status WriteWav(const Path& path, const std::vector<float>& samples_16k) {
  std::vector<uint8_t> bytes;
  const auto put = [&bytes](uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  const auto tag = [&bytes](std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); };
  const auto data_bytes = static_cast<uint32_t>(2 * samples_16k.size());
  tag("RIFF");
  put(36 + data_bytes, 4);
  tag("WAVEfmt ");
  put(16, 4);
  put(1, 2);  // PCM
  put(1, 2);  // mono
  put(kModelRateHz, 4);
  put(2 * kModelRateHz, 4);
  put(2, 2);
  put(16, 2);
  tag("data");
  put(data_bytes, 4);
  for (const float sample : samples_16k) {
    put(static_cast<uint32_t>(std::lround(std::clamp(sample, -1.0F, 1.0F) * 32767)), 2);
  }
  return WriteFileAtomically(path, bytes);
}

Result<FaceSamples> LoadBenchMaterial(const Avatar& avatar, const GeneratorBinding& binding,
                                      const std::optional<Path>& audio, int frames) {
  if (binding.size_px != avatar.face().roi_px()) {
    return Error(ErrorCode::kInvalidInput, "the network works on " + std::to_string(binding.size_px) +
                                               " px faces, but the avatar's pictures are " +
                                               std::to_string(avatar.face().roi_px()) + " px");
  }
  const auto row_floats = static_cast<int>(binding.audio_floats() / kWindowRows);
  return SampleFaces(avatar, {.audio = audio, .row_floats = row_floats, .count = frames});
}

}  // namespace lips
