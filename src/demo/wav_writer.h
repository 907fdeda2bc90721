// A 16 kHz mono WAV file of 16-bit samples, written piece by piece.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>

#include "base/file.h"
#include "base/result.h"

namespace lips::demo {

// The file appears with Finish or not at all. Move-only; one thread at a time.
class WavWriter {
 public:
  static Result<WavWriter> Create(const Path& path);  // kIo
  // Samples in [-1, 1], clipped. Errors: kIo; kResourceLimit beyond 4 GB.
  Status Write(std::span<const float> samples);
  Status Finish();
  int64_t samples() const { return samples_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit WavWriter(AtomicFile file) : file_(std::move(file)) {}
  Status WriteBytes(std::span<const uint8_t> bytes);
  AtomicFile file_;
  std::unique_ptr<std::FILE, Close> stream_;
  int64_t samples_ = 0;
};

}  // namespace lips::demo
