// From 16 kHz samples to feature rows, incrementally: mel, encoder, doubled ends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace lips {

// Encodes `count` inputs [count, 80, 16] into `out` [count, row_floats]. A callback, so that this floor need not
// know the engine. Rows must not depend on which other rows share the call.
using EncodeRowsFn = std::function<Status(std::span<const float> inputs, int64_t count, std::span<float> out)>;

// Feeds any chunking of one signal's samples and yields feature rows in order, each as soon as the samples it
// needs are there: row 0 with sample 3400, row j > 0 with sample 200 floor(16 (j - 1) / 5) + 3400, and no earlier
// moment is possible; the rows that hear the end come with Finish. Rows equal the offline result bit for bit (the law
// feature_stream_test.cc checks). Memory is constant. After Finish or an error the stream is over: make a new one.
// One thread at a time; move-only.
class FeatureStream {
 public:
  FeatureStream(EncodeRowsFn encode, int row_floats);  // row_floats: 512 for AVE
  FeatureStream(FeatureStream&&) noexcept;
  FeatureStream& operator=(FeatureStream&&) noexcept;
  ~FeatureStream();

  // Appends every feature row that became decided to `rows`. Errors: those of the encoder.
  Status Push(std::span<const float> samples, std::vector<float>& rows);

  // The signal is over: appends the rest; FeatureRows(MelColumns(samples pushed)) have then come out. Errors: also
  // kInvalidInput when the signal was shorter than one encoder window (16 mel columns: 3,000 samples), naming its
  // length.
  Status Finish(std::vector<float>& rows);

  int64_t samples() const;  // pushed so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole signal at once: [FeatureRows, row_floats].
Result<std::vector<float>> ComputeFeatures(std::span<const float> samples, const EncodeRowsFn& encode, int row_floats);

}  // namespace lips
