// Decoded pictures as upright 8-bit 4:2:0 in one format for the whole stream. Private to this folder.
#pragma once

#include "base/result.h"
#include "image/image.h"
#include "image/plane.h"
#include "media/ffmpeg.h"

struct AVStream;

namespace lips {

// Turns a stream's pictures into YuvImages: pixel format, range and matrix made the same for all, rotation applied.
// docs/formats.md has the rules. Move-only; one thread at a time.
class UprightConverter {
 public:
  // Takes the stream's format from its first picture. Errors: kUnsupported (a rotation by no multiple of 90 degrees).
  static Result<UprightConverter> Create(const AVFrame& first, const AVStream& stream);

  int width() const { return turns_ % 2 == 0 ? coded_width_ : coded_height_; }
  int height() const { return turns_ % 2 == 0 ? coded_height_ : coded_width_; }
  YuvFormat format() const { return format_; }

  // Whether the first picture had an alpha channel.
  bool alpha() const { return alpha_; }

  // Errors: kCorrupted when `picture` has another size than the first; kUnsupported (pixel format).
  Status Convert(const AVFrame& picture, YuvImage& out);
  // The alpha of a picture that Convert takes.
  void ConvertAlpha(const AVFrame& picture, Plane& out);

 private:
  UprightConverter() = default;
  Result<const AVFrame*> ToPlanar420(const AVFrame& picture);

  int coded_width_ = 0;
  int coded_height_ = 0;
  int turns_ = 0;  // quarter turns clockwise
  YuvFormat format_;
  bool alpha_ = false;
  Plane unturned_;

  // For pictures that need converting; made for the source described by the four values.
  ScalerPtr scaler_;
  FramePtr converted_;
  int scaler_pixel_format_ = -1;
  int scaler_matrix_ = -1;
  bool scaler_full_range_ = false;
};

}  // namespace lips
