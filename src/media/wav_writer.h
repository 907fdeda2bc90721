// Speech as a WAV file: whole, or piece by piece.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// 16-bit PCM, one channel. Samples are clamped to [-1, 1); those read from 16-bit files come out as they went in. The
// file appears with Finish or not at all. Move-only; one thread at a time.
class WavWriter {
 public:
  static Result<WavWriter> Create(const Path& path, int rate_hz);  // kInvalidInput (rate), kIo
  // Numbers that are none become silence. Errors: kIo; kResourceLimit beyond the format's 4 GB.
  Status Write(std::span<const float> samples);
  Status Finish();
  int64_t samples() const { return samples_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  WavWriter(AtomicFile file, int rate_hz) : file_(std::move(file)), rate_hz_(rate_hz) {}
  Status WriteBytes(std::span<const uint8_t> bytes);
  Error Failed() const;

  AtomicFile file_;
  std::unique_ptr<std::FILE, Close> stream_;
  int rate_hz_;
  int64_t samples_ = 0;
};

// A whole file at once. Errors: WavWriter's.
Status WriteSpeechWav(const Path& path, std::span<const float> samples, int rate_hz);

}  // namespace lips
