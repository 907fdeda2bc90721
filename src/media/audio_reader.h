// Samples of any audio or video file, decoded in order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

struct AudioInfo {
  int rate_hz = 0;
  int channels = 0;
  std::string codec;      // FFmpeg's name: "pcm_s16le", "mp3"
  double duration_s = 0;  // the container's claim; 0 = unknown. Only for progress
};

// Decodes the first (best) audio stream of anything FFmpeg opens to interleaved float. Encoder delay and padding that
// the container declares are trimmed, so sample 0 is the first one a player plays. Move-only; one thread at a time.
class AudioReader {
 public:
  // Errors: kIo, kCorrupted (no audio stream, 0 channels, truncated header), kUnsupported, naming the path.
  static Result<AudioReader> Open(const Path& path);
  // From memory: for tests and fuzzing. `bytes` outlives the reader. `name` appears in errors.
  static Result<AudioReader> OpenBytes(std::span<const uint8_t> bytes, std::string name);
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;
  ~AudioReader();

  const AudioInfo& info() const;
  // The next interleaved samples ([-1, 1] nominally) replace the contents of `out`. Errors: kEndOfStream; kCorrupted
  // when nothing at all could be decoded (a damaged packet inside a stream is skipped and logged, as players do).
  Status Read(std::vector<float>& out);

 private:
  struct State;
  explicit AudioReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
