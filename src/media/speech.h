// What the model hears of a file: its sound as mono 16 kHz samples.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "media/audio_reader.h"

namespace lips {

// Reads any audio or video file chunk by chunk: decoded, mixed to mono, resampled. Memory does not grow with the
// file's length. Move-only; one thread at a time.
class SpeechStream {
 public:
  // Errors: those of AudioReader and Resampler, and kCorrupted for a cut-off WAV, naming the path.
  // The stream ends after `max_samples` 16 kHz samples; < 0: with the file.
  static Result<SpeechStream> Open(const Path& path, int64_t max_samples = -1);
  SpeechStream(SpeechStream&&) noexcept;
  SpeechStream& operator=(SpeechStream&&) noexcept;
  ~SpeechStream();

  const AudioInfo& source() const;
  // The next samples, never none, replace the contents of `out`. NaN and infinities have become 0. Errors:
  // kEndOfStream; those of AudioReader::Read.
  Status Read(std::vector<float>& out);

  int64_t source_frames() const;  // decoded so far
  int64_t samples() const;        // 16 kHz samples given so far
  // SHA-256 of all samples given, as little-endian floats: the audio actually consumed. Valid once Read gave
  // kEndOfStream; empty before.
  const std::string& sha256() const;

 private:
  struct State;
  explicit SpeechStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Speech {
  std::vector<float> samples_16k;
  AudioInfo source;
  int64_t source_frames = 0;
  std::string sha256;  // of samples_16k
};

// The whole file at once, or its first `max_samples`. Errors: also kResourceLimit beyond six hours (1.4 GB).
Result<Speech> ReadSpeech(const Path& path, int64_t max_samples = -1);

}  // namespace lips
