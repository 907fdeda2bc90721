// Our 8-bit 4:2:0 planes as the finer ones that some encoders take. Private to this folder.
#pragma once

#include <utility>

#include "base/result.h"
#include "image/view.h"
#include "media/ffmpeg.h"

namespace lips {

// Move-only; one thread at a time.
class PlaneConverter {
 public:
  // From pictures of the encoder's size in `format` to its own pixel format, in the same matrix and the range it is
  // tagged with. Errors: kUnsupported (swscale cannot).
  static Result<PlaneConverter> Create(const AVCodecContext& encoder, YuvFormat format);

  // Fills the colour planes of a frame of the encoder's.
  void Convert(ConstYuvView image, AVFrame& frame);
  // Fills its alpha plane, whose samples have 9 to 16 bits.
  void ConvertAlpha(ConstPlaneView alpha, AVFrame& frame);

 private:
  explicit PlaneConverter(ScalerPtr scaler) : scaler_(std::move(scaler)) {}
  ScalerPtr scaler_;
};

}  // namespace lips
