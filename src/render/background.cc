#include "render/background.h"

#include <utility>

namespace lips {

Result<Background> Background::Open(const Path& path, int width, int height, YuvFormat format, FrameRate fps) {
  auto reader = VideoReader::Open(path);
  if (!reader.ok()) return std::move(reader).TakeError().Within("background");
  const VideoInfo& info = reader.value().info();
  ASSIGN_OR_RETURN(CoverScaler scaler,
                   CoverScaler::Create(info.width, info.height, info.format, width, height, format));
  return Background(std::move(reader).value(), std::move(scaler), fps);
}

Result<const YuvImage*> Background::At(int64_t n) {
  const VideoInfo& info = reader_.info();
  // n / fps seconds, in frames of the background. Numbers below 2^31 and hours of frames: the product fits.
  const int64_t passed = n * fps_.den * info.fps.num / (int64_t{fps_.num} * info.fps.den);
  const int64_t wanted = passed % info.frames;
  if (wanted == shown_) return &std::as_const(scaled_);
  // A few frames are passed by; a longer way is jumped.
  constexpr int64_t kWorthReading = 8;
  if (wanted < next_ || wanted > next_ + kWorthReading) {
    RETURN_IF_ERROR(reader_.Seek(wanted));
    next_ = wanted;
  }
  while (next_ <= wanted) {
    if (Status read = reader_.Read(decoded_); !read.ok()) return std::move(read).TakeError().Within("background");
    ++next_;
  }
  RETURN_IF_ERROR(scaler_.Scale(std::as_const(decoded_).view(), scaled_));
  shown_ = wanted;
  return &std::as_const(scaled_);
}

}  // namespace lips
