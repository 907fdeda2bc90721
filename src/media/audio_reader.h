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
// the container declares are trimmed, so sample 0 is the first one a player plays (at the end FFmpeg itself keeps the
// last AAC packet of an MP4 whole: up to 1023 samples of fading silence). Samples keep their order and channels their
// interleaving; a file whose rate or channel count changes midway is refused there. Memory does not grow with the file.
// Move-only; one thread at a time.
class AudioReader {
 public:
  // Errors: kIo, kCorrupted (no audio stream, 0 channels, truncated header, nothing that can be decoded),
  // kUnsupported (format, codec, more than 64 channels or 768 kHz), naming the path.
  static Result<AudioReader> Open(const Path& path);
  // From memory: for tests and fuzzing. `bytes` outlives the reader. `name` appears in errors.
  static Result<AudioReader> OpenBytes(std::span<const uint8_t> bytes, std::string name);
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;
  ~AudioReader();

  const AudioInfo& info() const;
  // The next interleaved samples ([-1, 1] nominally) replace the contents of `out`. Errors: kEndOfStream; kIo;
  // kUnsupported at a change of format. A damaged packet is skipped, as players do, and counted in a warning; so is a
  // WAV file that ends before its header says.
  Status Read(std::vector<float>& out);

 private:
  struct State;
  explicit AudioReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether a file has an audio stream, whatever can be made of it. Errors: kIo, kCorrupted, kUnsupported when it is no
// media file at all.
Result<bool> HasSound(const Path& path);

}  // namespace lips
