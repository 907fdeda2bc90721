#include "audio/speech_gate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include "audio/encoder_window.h"
#include "audio/mel.h"

namespace lips {
namespace {

constexpr int kBlockSamples = 160;  // 10 ms, the grid of decisions
constexpr double kPreEmphasis = 0.97;

// Mean squares of a block. Ratios and constants instead of logarithms, so that bits do not depend on a libm.
constexpr double kQuietest = 3.98e-9;   // -84 dB: floors below are taken for this, which puts the threshold at -75 dB
constexpr double kLoudestFloor = 1e-5;  // -50 dB: steady sound above is taken for speech
constexpr double kOpenRatio = 7.94;     // 9 dB above the floor
constexpr double kLoudRatio = 3.98;     // 6 dB above it

// Of the last blocks, newest in bit 0.
constexpr uint32_t kOpenBlocks = 0x3F;      // 60 ms, of which ...
constexpr int kOpenCount = 4;               // ... this many open: a click is shorter
constexpr uint32_t kHoldBlocks = 0xFFFFFF;  // 240 ms, longer than a consonant's closure, of which ...
constexpr int kHoldCount = 2;               // ... this many may be loud in a pause: a click

constexpr size_t kFloorSpans = 8;  // of ...
constexpr int kSpanBlocks = 25;    // ... 250 ms: the floor is the least of two seconds

constexpr float kOpenPerRow = 1.0F / 3;
constexpr float kClosePerRow = 1.0F / 5;

// Samples FeatureStream has when it gives the row (feature_stream.h).
int64_t SamplesAt(int64_t row) {
  const int64_t encoder_row = std::max<int64_t>(row - 1, 0);
  return encoder_row * kEncoderSteps / 5 * kMelHopSamples + 3400;
}

// No crease where the easing begins and ends.
float Ease(float t) { return t * t * (3 - 2 * t); }

}  // namespace

struct SpeechGate::State {
  int64_t samples = 0;
  int64_t blocks = 0;
  int64_t next_row = 0;
  double previous = 0;  // sample
  double energy = 0;    // of the block that is coming in
  int filled = 0;       // its samples

  std::array<double, kFloorSpans> least;  // of each span of blocks, a ring; the current one at `span`
  size_t span = 0;
  int span_blocks = 0;
  uint32_t above = 0;  // which of the last blocks lay above the opening threshold
  uint32_t loud = 0;   // ... above the closing one
  bool open = false;
  float way = 0;  // how far opened, before easing

  State() { least.fill(kLoudestFloor); }

  void EndBlock() {
    const double level = energy / kBlockSamples;
    if (span_blocks == kSpanBlocks) {
      span = (span + 1) % kFloorSpans;
      span_blocks = 0;
    }
    least[span] = span_blocks == 0 ? level : std::min(least[span], level);
    ++span_blocks;
    const double floor = std::clamp(*std::ranges::min_element(least), kQuietest, kLoudestFloor);
    above = above << 1 | static_cast<uint32_t>(level > floor * kOpenRatio);
    loud = loud << 1 | static_cast<uint32_t>(level > floor * kLoudRatio);
    if (!open && std::popcount(above & kOpenBlocks) >= kOpenCount) {
      open = true;
    } else if (open && std::popcount(loud & kHoldBlocks) <= kHoldCount) {
      open = false;
    }
    energy = 0;
    filled = 0;
    ++blocks;
  }

  void Add(float sample) {
    const double x = std::isfinite(sample) ? static_cast<double>(sample) : 0.0;
    const double emphasised = x - kPreEmphasis * previous;
    previous = x;
    energy += emphasised * emphasised;
    ++samples;
    if (++filled == kBlockSamples) EndBlock();
  }

  void AppendRow(std::vector<float>& gates) {
    way = open ? std::min(way + kOpenPerRow, 1.0F) : std::max(way - kClosePerRow, 0.0F);
    gates.push_back(Ease(way));
    ++next_row;
  }
};

SpeechGate::SpeechGate() : state_(std::make_unique<State>()) {}
SpeechGate::SpeechGate(SpeechGate&&) noexcept = default;
SpeechGate& SpeechGate::operator=(SpeechGate&&) noexcept = default;
SpeechGate::~SpeechGate() = default;

void SpeechGate::Push(std::span<const float> samples, std::vector<float>& gates) {
  State& s = *state_;
  int64_t next = SamplesAt(s.next_row);
  for (const float sample : samples) {
    s.Add(sample);
    for (; s.samples == next; next = SamplesAt(s.next_row)) s.AppendRow(gates);  // the first two come together
  }
}

void SpeechGate::Finish(std::vector<float>& gates) {
  State& s = *state_;
  const int64_t rows = FeatureRows(MelColumns(s.samples));
  while (s.next_row < rows) {
    while (s.samples < SamplesAt(s.next_row)) s.Add(0.0F);
    s.AppendRow(gates);
  }
}

std::vector<float> SpeechGates(std::span<const float> samples) {
  std::vector<float> gates;
  SpeechGate gate;
  gate.Push(samples, gates);
  gate.Finish(gates);
  return gates;
}

bool AllSilent(std::span<const float> gates, int64_t first, int64_t begin, int64_t end) {
  const auto at = [&](int64_t row) { return gates.begin() + std::clamp<int64_t>(row - first, 0, std::ssize(gates)); };
  return std::all_of(at(begin), at(end), [](float gate) { return gate == 0; });
}

}  // namespace lips
