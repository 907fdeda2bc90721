// An MP4 file of pictures that are H.264 already, with the original audio: what a live session sent, kept as it came.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

struct CodedVideoOptions {
  int width = 0;
  int height = 0;
  FrameRate fps;
  std::optional<Path> audio;  // as in VideoWriterOptions
  std::vector<std::pair<std::string, std::string>> metadata;
};

// The file appears at `path` only from Finish(). Move-only; one thread at a time.
class CodedVideoWriter {
 public:
  // Errors: kInvalidInput (size, rate, an extension that is not .mp4), kIo, and those of AudioReader.
  static Result<CodedVideoWriter> Create(const Path& path, const CodedVideoOptions& options);
  CodedVideoWriter(CodedVideoWriter&&) noexcept;
  CodedVideoWriter& operator=(CodedVideoWriter&&) noexcept;
  ~CodedVideoWriter();  // without Finish: removes what was written

  // An Annex B picture without reordering, shown from frame / fps on until the next one. `frame` increases; the first
  // picture is a key frame with its parameter sets. Errors: kInvalidInput; kIo.
  Status Write(std::span<const uint8_t> picture, int64_t frame, bool key);
  // Ends the last picture at `frames` / fps, writes the audio up to there, verifies. Errors: kIo, kCorrupted.
  Status Finish(int64_t frames);

 private:
  struct State;
  explicit CodedVideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
