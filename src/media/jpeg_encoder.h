// JPEG pictures again and again, into memory that is kept: for streams of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// Baseline JPEG, 4:2:0. Move-only; one thread at a time. The bytes of a call are valid until the next one; memory grows
// to the largest picture met and stays.
class JpegEncoder {
 public:
  JpegEncoder();
  JpegEncoder(JpegEncoder&&) noexcept;
  JpegEncoder& operator=(JpegEncoder&&) noexcept;
  ~JpegEncoder();

  // `quality` 1..100. Errors: kInvalidInput (quality, an empty picture, a side above 65500), kResourceLimit.
  Result<std::span<const uint8_t>> Encode(ConstImageView image, int quality);

  // The whole picture, or what lies in `rect`, from its planes. JFIF knows BT.601 full range only: BT.601 in limited
  // range is stretched plane by plane, and so is a rectangle whose edges cut no chroma sample; other rectangles and
  // BT.709 go through B, G, R. Errors: also kInvalidInput when `rect` does not lie within the picture.
  Result<std::span<const uint8_t>> Encode(ConstYuvView image, int quality);
  Result<std::span<const uint8_t>> Encode(ConstYuvView image, Rect rect, int quality);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lips
