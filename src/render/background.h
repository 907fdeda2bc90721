// What lies behind a transparent avatar: a picture, or a video that starts anew whenever it ends.
#pragma once

#include <cstdint>
#include <optional>

#include "base/file.h"
#include "base/result.h"
#include "image/image.h"
#include "media/cover.h"
#include "media/video_reader.h"

namespace lips {

// Scaled to cover the frame and cut to its middle, in the frame's format. Keeps one decoded and one scaled picture.
// Move-only; one thread at a time.
class Background {
 public:
  // Any picture or video FFmpeg reads; transparent parts of it count as they are coloured. `fps` is the output's: a
  // video plays at its own rate. Errors: those of VideoReader.
  static Result<Background> Open(const Path& path, int width, int height, YuvFormat format, FrameRate fps);

  // Behind output frame `n`; valid until the next call. Cheap where n does not decrease. Errors: those of decoding.
  Result<const YuvImage*> At(int64_t n);

 private:
  Background(VideoReader reader, CoverScaler scaler, FrameRate fps)
      : reader_(std::move(reader)), scaler_(std::move(scaler)), fps_(fps) {}

  VideoReader reader_;
  CoverScaler scaler_;
  FrameRate fps_;
  int64_t next_ = 0;    // what the reader gives
  int64_t shown_ = -1;  // what is in scaled_
  YuvImage decoded_;
  YuvImage scaled_;
};

}  // namespace lips
