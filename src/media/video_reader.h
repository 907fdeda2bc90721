// Frames of a video file, by index, in YUV.
#pragma once

#include <memory>

#include "base/file.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

// Any video FFmpeg decodes, as 8-bit 4:2:0 (others are converted). Frame k is the k-th picture in presentation order.
// Move-only; one thread at a time; memory bounded whatever the file's length (the index: 16 bytes a frame).
class VideoReader {
 public:
  struct Options {
    int threads = 1;  // decoder threads; 0 = one per core
  };
  // Opening scans the packets once, so info().frames is exact and Seek is frame accurate. Errors: kIo, kCorrupted (no
  // video stream, 0x0, truncated header), kUnsupported (codec), naming the path.
  static Result<VideoReader> Open(const Path& path, Options options);
  static Result<VideoReader> Open(const Path& path) { return Open(path, Options()); }
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const VideoInfo& info() const;
  // The next Read gives frame `frame`. Cheap when it is the next one anyway; else decodes from the keyframe before it.
  // Errors: kInvalidInput outside [0, frames).
  Status Seek(int64_t frame);
  // The next frame into `out` (resized as needed). Errors: kEndOfStream after the last one; kCorrupted when the decoder
  // gives up or the picture changes size, naming the frame.
  Status Read(YuvImage& out);

 private:
  struct State;
  explicit VideoReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
