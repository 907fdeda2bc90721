// Signals and chunkings for the audio tests.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace lips {

// Loud and quiet stretches of noise over a tone, with exact zeros in between; the same for the same seed.
inline std::vector<float> RandomSignal(size_t samples, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> signal(samples);
  float loudness = 0.5f;
  for (size_t n = 0; n < samples; ++n) {
    if (n % 300 == 0) loudness = static_cast<float>(random() % 4) / 4.0f;
    const float noise = static_cast<float>(random() % 65536) / 32768.0f - 1.0f;
    signal[n] = loudness * (0.5f * noise + 0.5f * std::sin(static_cast<float>(n) * 0.2f));
  }
  return signal;
}

// Cuts `signal` into chunks of any size, empty ones and single items included; each holds a multiple of `unit` items.
inline std::vector<std::span<const float>> RandomChunks(std::span<const float> signal, uint32_t seed, size_t unit = 1) {
  std::mt19937 random(seed);
  std::vector<std::span<const float>> chunks;
  while (!signal.empty()) {
    constexpr std::array<size_t, 4> kLargest = {2, 300, 3000, 40000};
    const size_t take = std::min(random() % (kLargest[random() % 4] + 1) * unit, signal.size());
    chunks.push_back(signal.first(take));
    signal = signal.subspan(take);
  }
  return chunks;
}

inline bool SameBits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace lips
