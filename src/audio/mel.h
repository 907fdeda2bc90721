// The mel front end of the AVE encoder: 16 kHz samples in, normalised mel columns out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace lips {

inline constexpr int kModelRateHz = 16000;
inline constexpr int kMelBands = 80;
inline constexpr int kMelHopSamples = 200;
inline constexpr int kMelFftSamples = 800;
inline constexpr int kMelBins = kMelFftSamples / 2 + 1;  // frequencies 0, 20, ... 8000 Hz

// Number of mel columns of a finished signal: 1 + floor(samples / 200), and 0 for an empty one.
int64_t MelColumns(int64_t samples);

// The filter bank, [80, 401], row major. Slaney scale, area-normalised. Source: spec.md 2.1.
std::vector<double> MelFilterBank();

// Turns a stream of samples into mel columns as soon as each is decided. Any chunking of the same samples gives
// the same bits as one chunk. One thread at a time; move-only; memory constant.
class MelStream {
 public:
  MelStream();
  MelStream(MelStream&&) noexcept;
  MelStream& operator=(MelStream&&) noexcept;
  ~MelStream();

  // Consumes mono 16 kHz samples in [-1, 1] and appends every column that became complete (80 floats each, in
  // [-4, 4], band 0 = lowest) to `out`. Column t is complete once sample 200 t + 399 is known. A NaN or infinite
  // sample spoils the columns that hear it, never their range.
  void Push(std::span<const float> samples, std::vector<float>& out);

  // The signal is over: appends the remaining columns (400 zeros behind the end), so that MelColumns(total) have
  // come out. Then ready for a new signal.
  void Finish(std::vector<float>& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole signal at once: [MelColumns, 80].
std::vector<float> Mel(std::span<const float> samples);

}  // namespace lips
