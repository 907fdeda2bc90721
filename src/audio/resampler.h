// Any rate and channel count to mono 16 kHz.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace lips {

// Streaming resampler to mono (arithmetic mean of the channels, whatever they are called) at 16 kHz. Any
// chunking gives the same bits. At 16 kHz samples pass through untouched. Move-only; one thread at a time.
class Resampler {
 public:
  // Errors: kInvalidInput unless 1,000 <= rate_hz <= 768,000 and 1 <= channels <= 64.
  static Result<Resampler> Create(int rate_hz, int channels);
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;
  ~Resampler();

  // `interleaved` is [frames, channels], any range (clipping is the caller's business); appends to `out`.
  // NaN and infinite samples become 0. Errors: kInvalidInput when that is no whole number of frames.
  Status Push(std::span<const float> interleaved, std::vector<float>& out);
  // The signal is over: appends the tail, so that ceil(frames * 16000 / rate) samples have then
  // come out, and sample k is the signal at k / 16000 s: no delay. The signal is taken as zero outside its ends.
  Status Finish(std::vector<float>& out);

 private:
  struct State;
  explicit Resampler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
