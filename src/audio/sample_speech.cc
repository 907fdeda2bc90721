#include "audio/sample_speech.h"

#include <cmath>
#include <cstdint>
#include <numbers>

#include "audio/mel.h"

namespace lips {

std::vector<float> SampleSpeech() {
  constexpr double kSeconds = 10;
  constexpr size_t kSyllableSamples = kModelRateHz / 5;
  std::vector<float> samples(static_cast<size_t>(kSeconds * kModelRateHz));
  uint32_t noise = 1;
  double phase = 0;
  for (size_t n = 0; n < samples.size(); ++n) {
    const size_t syllable = n / kSyllableSamples;
    const double within = static_cast<double>(n % kSyllableSamples) / kSyllableSamples;
    const double loudness = syllable % 7 == 6 ? 0 : std::pow(std::sin(std::numbers::pi * within), 2);
    phase += 2 * std::numbers::pi * (110 + 15 * static_cast<double>(syllable % 5)) / kModelRateHz;
    noise = noise * 1664525 + 1013904223;
    const double hiss = static_cast<double>(noise >> 16) / 32768 - 1;
    double voice = 0;  // harmonics under a formant that moves with the syllable
    const double formant = 4 + static_cast<double>(syllable % 4) * 3;
    for (int harmonic = 1; harmonic <= 24; ++harmonic) {
      voice += std::sin(harmonic * phase) / (1 + std::pow((harmonic - formant) / 3, 2));
    }
    const bool voiced = syllable % 3 != 2;
    samples[n] = static_cast<float>(loudness * (voiced ? 0.12 * voice + 0.01 * hiss : 0.08 * hiss));
  }
  return samples;
}

}  // namespace lips
