// One picture per template frame in any order, whether a video or a folder of pictures holds them.
#pragma once

#include <cstdint>
#include <optional>

#include "avatar/package_files.h"
#include "avatar/video_window.h"
#include "base/result.h"
#include "image/image.h"
#include "image/plane.h"
#include "media/frame.h"

namespace lips {

// Move-only; one thread at a time.
class PictureTrack {
 public:
  // Looks at the video's header or the first picture. Errors: kIo, kCorrupted, kUnsupported naming the file.
  static Result<PictureTrack> Open(const PictureFiles& files, int decode_threads);

  // Size, count, rate (25 for pictures) and the format ReadYuv gives (BT.601 limited for pictures).
  const VideoInfo& info() const { return info_; }
  // Decoded bytes of one frame that a window keeps; 0 for pictures, which are read one by one.
  size_t window_bytes_per_frame() const;
  // Takes the memory for a window. Call once, before the first read.
  void KeepWindow(int64_t capacity_frames);

  // `index` in [0, info().frames). Errors name file and frame; kCorrupted when a picture has another size.
  // `alpha`, where given, gets the picture's opacity, or becomes empty unless info().alpha.
  Status ReadYuv(int64_t index, YuvImage& out, Plane* alpha = nullptr);
  Status ReadBgr(int64_t index, Image& out);

 private:
  PictureTrack(PictureFiles files, VideoInfo info) : files_(std::move(files)), info_(info) {}
  Status CheckSize(int64_t index, int width, int height) const;
  Error Named(Error error, int64_t index) const;

  PictureFiles files_;
  VideoInfo info_;
  std::optional<VideoReader> reader_;  // until the window takes it
  std::optional<VideoWindow> window_;  // of a video
};

}  // namespace lips
