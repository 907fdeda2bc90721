// Frames to be judged: of a video file, or of a folder of numbered pictures.
#pragma once

#include <cstdint>
#include <memory>

#include "base/file.h"
#include "base/result.h"
#include "image/image.h"
#include "media/frame.h"

namespace lips {

// Move-only; one thread at a time.
class FrameSource {
 public:
  // Errors: those of VideoReader; kInvalidInput when a folder holds no numbered PNG or JPEG files.
  static Result<FrameSource> Open(const Path& path);
  FrameSource(FrameSource&&) noexcept;
  FrameSource& operator=(FrameSource&&) noexcept;
  ~FrameSource();

  const VideoInfo& info() const;  // 25 frames per second for pictures
  // The next Read gives frame `frame`, which lies in [0, info().frames).
  Status Seek(int64_t frame);
  // Errors: kEndOfStream; kCorrupted when a picture has another size than the first.
  Status Read(Image& out);

 private:
  struct State;
  explicit FrameSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
