// Feature rows as a network should hear them: at rest in silence, with as much mouth as is wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/feature_stream.h"
#include "base/result.h"

namespace lips {

struct FeatureShape {
  bool rest_in_silence = false;  // rows go to those of digital silence where SpeechGate closes
  float mouth_gain = 1;          // of a row's difference to digital silence; 0: always at rest, above 1: wider

  bool changes_nothing() const { return !rest_in_silence && mouth_gain == 1; }
};

// A FeatureStream whose rows r become q + gate * mouth_gain * (r - q), q being what the encoder says of digital
// silence; where all of a row and of q are >= 0 (a ReLU's), so is the result. Rows come at FeatureStream's moments and
// any chunking gives the same bits; where gate * mouth_gain is 1 a row keeps its bits, where it is 0 it has q's. A
// shape that changes nothing makes this a FeatureStream. One thread at a time; move-only.
class ShapedFeatureStream {
 public:
  ShapedFeatureStream(EncodeRowsFn encode, int row_floats, FeatureShape shape);
  ShapedFeatureStream(ShapedFeatureStream&&) noexcept;
  ShapedFeatureStream& operator=(ShapedFeatureStream&&) noexcept;
  ~ShapedFeatureStream();

  // As FeatureStream's.
  Status Push(std::span<const float> samples, std::vector<float>& rows);
  Status Finish(std::vector<float>& rows);
  int64_t samples() const;
  // Of each row that the last call appended: 0 where it is at rest, 1 in speech. Empty where silence is not put to
  // rest.
  std::span<const float> gates() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What the encoder says of digital silence: [row_floats]. Errors: the encoder's.
Result<std::vector<float>> SilentRow(const EncodeRowsFn& encode, int row_floats);

// Mixes each row of a generator window with its neighbours in it: (1 - 2 s) of itself and s of either, s = `strength`
// in [0, 1/3]. Rows outside [first, end), which lie beyond the track, stay and are not heard; the outermost rows within
// stand in for their missing neighbour. Nothing later than the window is needed, so it takes jitter away without delay.
// `window` is [16, row_floats].
void SmoothWindow(std::span<float> window, int row_floats, int first, int end, float strength);

}  // namespace lips
