// Owners of 8-bit images. Move-only; rows are packed, the first one 64-byte aligned.
#pragma once

#include <cstdint>
#include <vector>

#include "image/view.h"

namespace lips {

// Interleaved B, G, R.
class Image {
 public:
  Image() = default;
  Image(int width, int height);  // black; width, height >= 0
  Image(Image&&) noexcept = default;
  Image& operator=(Image&&) noexcept = default;

  int width() const { return width_; }
  int height() const { return height_; }
  ImageView view() { return {pixels_.data(), width_, height_, ptrdiff_t{3} * width_}; }
  ConstImageView view() const { return {pixels_.data(), width_, height_, ptrdiff_t{3} * width_}; }
  Image Clone() const;
  // Makes this that size; keeps the memory when it suffices. Contents unspecified.
  void Resize(int width, int height);

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<uint8_t> pixels_;
};

// Planar 4:2:0.
class YuvImage {
 public:
  YuvImage() = default;
  YuvImage(int width, int height, YuvFormat format);  // black in `format`

  int width() const { return width_; }
  int height() const { return height_; }
  YuvFormat format() const { return format_; }
  YuvView view();
  ConstYuvView view() const;
  YuvImage Clone() const;
  void Resize(int width, int height, YuvFormat format);  // contents unspecified
  size_t bytes() const { return samples_.size(); }

 private:
  int width_ = 0;
  int height_ = 0;
  YuvFormat format_;
  std::vector<uint8_t> samples_;
};

// Copies all rows; both must have the same size.
void CopyPixels(ConstImageView from, ImageView to);
void CopyPixels(ConstYuvView from, YuvView to);

}  // namespace lips
