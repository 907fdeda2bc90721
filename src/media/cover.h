// A picture made to cover a frame: scaled to the smallest size that leaves no gap, and cut to the middle.
#pragma once

#include <memory>

#include "base/result.h"
#include "image/image.h"

namespace lips {

// From pictures of one size and format to frames of another. Bicubic, averaging where it shrinks; the matrix and range
// are converted too. Move-only; one thread at a time.
class CoverScaler {
 public:
  // Sizes of at least 2 a side. Errors: kUnsupported (swscale cannot: one side thousands of times the other's).
  static Result<CoverScaler> Create(int from_width, int from_height, YuvFormat from, int width, int height,
                                    YuvFormat to);
  CoverScaler(CoverScaler&&) noexcept;
  CoverScaler& operator=(CoverScaler&&) noexcept;
  ~CoverScaler();

  // `from` has the size and format given; `out` is resized.
  Status Scale(ConstYuvView from, YuvImage& out);

 private:
  struct State;
  explicit CoverScaler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
