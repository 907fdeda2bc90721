// Frames of a video file, by index, in YUV.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"
#include "image/plane.h"
#include "media/frame.h"

namespace lips {

// Any video FFmpeg decodes, as 8-bit 4:2:0 (others are converted) and, where it has one, an alpha plane. Frame k is the
// k-th picture in presentation order. Move-only; one thread at a time; memory bounded whatever the file's length (the
// index: 8 bytes a frame). Rules of colour, rotation and rates: docs/formats.md, "Video and audio files".
class VideoReader {
 public:
  struct Options {
    int threads = 1;  // decoder threads; 0 = one per core
  };
  // Opening scans the packets once, so info().frames is exact and Seek is frame accurate. Errors: kIo, kCorrupted (no
  // video stream, 0x0, truncated header), kUnsupported (codec), naming the path.
  static Result<VideoReader> Open(const Path& path, Options options);
  static Result<VideoReader> Open(const Path& path) { return Open(path, Options()); }
  // A video inside another file.
  static Result<VideoReader> Open(const FilePart& file, Options options);
  // From memory, for tests and fuzzing. `bytes` outlives the reader; `name` appears in errors.
  static Result<VideoReader> OpenBytes(std::span<const uint8_t> bytes, std::string name, Options options);
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const VideoInfo& info() const;
  // The next Read gives frame `frame`: the same picture as reading up to it would. Cheap by itself; a Read of another
  // than the next frame decodes from the keyframe before it.
  // Errors: kInvalidInput outside [0, frames).
  Status Seek(int64_t frame);
  // The next frame into `out` (resized as needed). Errors: kEndOfStream after the last one; kCorrupted when the decoder
  // gives up or the picture changes size, naming the frame (which stays the next one: Seek past it to go on).
  // `alpha`, where given, gets the frame's opacity; it is left alone unless info().alpha.
  Status Read(YuvImage& out, Plane* alpha = nullptr);
  // The last frame at or before `frame` (clamped into the video) from which decoding can start, else 0. Who plays
  // backwards reads [it, frame] forwards and keeps that.
  int64_t KeyframeAtOrBefore(int64_t frame) const;

 private:
  struct State;
  explicit VideoReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
