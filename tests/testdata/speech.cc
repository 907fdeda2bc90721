#include "tests/testdata/speech.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "tests/testdata/seeded.h"

namespace lips::testdata {
namespace {

constexpr int kFormants = 4;
constexpr double kRate = kSpeechRateHz;
constexpr double kTau = 2 * std::numbers::pi;

// Resonances of the vocal tract. Source: Peterson and Barney (1952), adult means.
struct Vowel {
  std::array<double, kFormants> formant_hz;
};
constexpr std::array<Vowel, 6> kVowels = {{
    {{730, 1090, 2440, 3400}},  // a
    {{530, 1840, 2480, 3500}},  // e
    {{270, 2290, 3010, 3600}},  // i
    {{570, 840, 2410, 3300}},   // o
    {{300, 870, 2240, 3200}},   // u
    {{640, 1190, 2390, 3400}},  // uh
}};
constexpr std::array<double, kFormants> kBandwidthHz = {80, 100, 130, 200};

// One formant: a two-pole resonator with gain 1 at 0 Hz. Source: Klatt, JASA 67 (1980), eq. 1.
class Resonator {
 public:
  double Next(double x, double hz, double bandwidth_hz) {
    const double c = -std::exp(-kTau * bandwidth_hz / kRate);
    const double b = 2 * std::exp(-kTau / 2 * bandwidth_hz / kRate) * std::cos(kTau * hz / kRate);
    const double y = (1 - b - c) * x + b * y1_ + c * y2_;
    y2_ = y1_;
    y1_ = y;
    return y;
  }

 private:
  double y1_ = 0;
  double y2_ = 0;
};

struct Phone {
  Vowel from;  // glides from here ...
  Vowel to;    // ... to here
  double seconds = 0;
  double loudness = 0;  // 0: silence
  double pitch_hz = 0;
};

std::vector<Phone> Babble(double seconds, Seeded& seeded) {
  std::vector<Phone> phones = {{kVowels[0], kVowels[0], 0.4, 0, 0}};
  double now = phones.front().seconds;
  Vowel last = kVowels[0];
  while (now < seconds) {
    const int syllables = 3 + static_cast<int>(5 * seeded.Uniform());
    for (int k = 0; k < syllables; ++k) {
      const Vowel next = kVowels[static_cast<size_t>(6 * seeded.Uniform())];
      const double length = 0.12 + 0.14 * static_cast<double>(seeded.Uniform());
      const double fall = 1 - 0.25 * k / syllables;  // a phrase sinks towards its end
      phones.push_back({last, next, length, 0.6 + 0.4 * static_cast<double>(seeded.Uniform()),
                        fall * (118 + 20 * static_cast<double>(seeded.Uniform()))});
      phones.push_back({next, next, 0.03 + 0.03 * static_cast<double>(seeded.Uniform()), 0, 0});  // a closure
      last = next;
      now += phones[phones.size() - 2].seconds + phones.back().seconds;
    }
    phones.push_back({last, last, 0.45 + 0.25 * static_cast<double>(seeded.Uniform()), 0, 0});
    now += phones.back().seconds;
  }
  return phones;
}

class VocalTract {
 public:
  // Appends one phone.
  void Speak(const Phone& phone, int64_t count, std::vector<float>& out) {
    const double attack = 0.025 * kRate;
    for (int64_t n = 0; n < count; ++n) {
      const auto from_start = static_cast<double>(n);
      const auto to_end = static_cast<double>(count - n);
      const double ramp = std::clamp(std::min(from_start, to_end) / attack, 0.0, 1.0);
      double x = Glottis(phone.pitch_hz) * phone.loudness * ramp;
      const double t = from_start / static_cast<double>(count);
      for (size_t f = 0; f < kFormants; ++f) {
        const double hz = phone.from.formant_hz[f] + t * (phone.to.formant_hz[f] - phone.from.formant_hz[f]);
        x = formants_[f].Next(x, hz, kBandwidthHz[f]);
      }
      out.push_back(static_cast<float>(x));
    }
  }

 private:
  // The derivative of Rosenberg's glottal pulse (JASA 49, 1971): opens for 40 % of the period, closes within 16 %.
  double Glottis(double pitch_hz) {
    if (pitch_hz <= 0) return 0;
    phase_ += pitch_hz / kRate;
    phase_ -= std::floor(phase_);
    if (phase_ < 0.40) return std::sin(std::numbers::pi * phase_ / 0.40) / 0.40;
    if (phase_ < 0.56) return -std::sin(std::numbers::pi / 2 * (phase_ - 0.40) / 0.16) / 0.16 * 0.5;
    return 0;
  }

  std::array<Resonator, kFormants> formants_;
  double phase_ = 0;
};

void AppendLittleEndian(std::vector<uint8_t>& out, uint32_t value, int bytes) {
  for (int k = 0; k < bytes; ++k) out.push_back(static_cast<uint8_t>(value >> (8 * k)));
}

void AppendText(std::vector<uint8_t>& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

}  // namespace

Speech SynthesizeSpeech(double seconds, uint64_t seed) {
  Seeded seeded(seed);
  const auto total = static_cast<int64_t>(seconds * kRate);
  const auto tail = std::min(total, static_cast<int64_t>(0.5 * kRate));  // silence at the end whatever comes before
  VocalTract tract;
  Speech speech;
  for (const Phone& phone : Babble(seconds, seeded)) {
    const auto first = static_cast<int64_t>(speech.samples.size());
    const auto count = std::min(static_cast<int64_t>(phone.seconds * kRate), total - tail - first);
    if (count <= 0) break;
    tract.Speak(phone, count, speech.samples);
    speech.parts.push_back({first, count, phone.loudness == 0});
  }
  const auto first = static_cast<int64_t>(speech.samples.size());
  tract.Speak({kVowels[0], kVowels[0], 0, 0, 0}, total - first, speech.samples);
  speech.parts.push_back({first, total - first, true});

  float peak = 1e-6F;
  for (const float v : speech.samples) peak = std::max(peak, std::fabs(v));
  for (float& v : speech.samples) {
    v *= 0.7F / peak;
    if (std::fabs(v) < 0.5F / 32768) v = 0;  // what the formants still ring
  }
  return speech;
}

Status WriteWav(const Path& path, std::span<const float> interleaved, int rate_hz, int channels) {
  const auto data_bytes = static_cast<uint32_t>(2 * interleaved.size());
  const auto frame_bytes = static_cast<uint32_t>(2 * channels);
  std::vector<uint8_t> file;
  file.reserve(44 + data_bytes);
  AppendText(file, "RIFF");
  AppendLittleEndian(file, 36 + data_bytes, 4);
  AppendText(file, "WAVEfmt ");
  AppendLittleEndian(file, 16, 4);
  AppendLittleEndian(file, 1, 2);  // PCM
  AppendLittleEndian(file, static_cast<uint32_t>(channels), 2);
  AppendLittleEndian(file, static_cast<uint32_t>(rate_hz), 4);
  AppendLittleEndian(file, static_cast<uint32_t>(rate_hz) * frame_bytes, 4);
  AppendLittleEndian(file, frame_bytes, 2);
  AppendLittleEndian(file, 16, 2);  // bits per sample
  AppendText(file, "data");
  AppendLittleEndian(file, data_bytes, 4);
  for (const float v : interleaved) {
    const auto level = static_cast<int>(std::lround(std::clamp(v, -1.0F, 1.0F) * 32767));
    AppendLittleEndian(file, static_cast<uint32_t>(level), 2);
  }
  return WriteFileAtomically(path, file);
}

}  // namespace lips::testdata
