// Where a render's audio windows come from: the audio itself, a feature file, or nowhere.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "audio/shaped_features.h"
#include "audio/window.h"
#include "avatar/features_file.h"
#include "base/file.h"
#include "base/result.h"
#include "engine/audio_encoder.h"

namespace lips {

// Facts about the audio of a render, found by one pass over it before rendering starts.
struct SpeechFacts {
  int64_t samples_16k = 0;   // what the front end consumes
  int64_t feature_rows = 0;  // = 25-per-second video frames
  std::string sha256;        // of the 16 kHz mono f32 samples
  std::string source_codec;
  int source_rate_hz = 0;
  int source_channels = 0;
};

// What is done to the windows of a render beyond what the encoder says.
struct WindowTuning {
  FeatureShape shape;          // of rows that come from the encoder
  float smoothing = 0;         // SmoothWindow's strength
  int64_t offset_samples = 0;  // 16 kHz samples by which the mouth comes later than the sound; negative: earlier
};

// Decodes the whole file once in constant memory. `max_samples_16k` < 0: no limit. Errors: those of decoding;
// kInvalidInput when the audio is shorter than one encoder window.
Result<SpeechFacts> InspectSpeech(const Path& audio, int64_t max_samples_16k = -1);

// What the network hears, asked in non-decreasing order of time. One thread at a time.
class WindowSource {
 public:
  virtual ~WindowSource() = default;
  // The window at `time` into `out` (resized): a row's, or between two rows' a mixture. Errors: those of decoding and
  // encoding.
  Status Window(FeatureTime time, std::vector<float>& out);
  // Whether all that is heard in that window is silence; to be asked right after it. False where silence is not put to
  // rest.
  virtual bool Quiet(FeatureTime /*time*/) const { return false; }

 protected:
  virtual Status RowWindow(int64_t row, std::vector<float>& out) = 0;

 private:
  std::vector<float> next_;
};

// From the audio: decodes, resamples, encodes as rows are asked for; constant memory. The samples consumed must hash to
// facts.sha256 once the last row was given (else kCorrupted: the file changed underneath us). `encoder` outlives it. An
// offset is exact to the sample: what is heard is the audio after that much silence, or without its beginning.
Result<std::unique_ptr<WindowSource>> WindowsFromSpeech(const Path& audio, const SpeechFacts& facts, WindowEdge edge,
                                                        AudioEncoder& encoder, const WindowTuning& tuning = {});

// From packaged features. They are not shaped; an offset moves them by whole rows, to the nearest.
std::unique_ptr<WindowSource> WindowsFromFeatures(FeatureTrack features, WindowEdge edge,
                                                  const WindowTuning& tuning = {});

// Empty windows, for an engine without a network.
std::unique_ptr<WindowSource> NoWindows();

}  // namespace lips
