// Owners of 8-bit images. Move-only (a moved-from one is empty); rows are packed, the first one 64-byte aligned.
#pragma once

#include <utility>

#include "image/aligned_bytes.h"
#include "image/view.h"

namespace lips {

// Interleaved B, G, R.
class Image {
 public:
  Image() = default;
  Image(int width, int height);  // black; width, height >= 0
  Image(Image&& other) noexcept
      : width_(std::exchange(other.width_, 0)),
        height_(std::exchange(other.height_, 0)),
        pixels_(std::move(other.pixels_)) {}
  Image& operator=(Image&& other) noexcept {
    width_ = std::exchange(other.width_, 0);
    height_ = std::exchange(other.height_, 0);
    pixels_ = std::move(other.pixels_);
    return *this;
  }

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
  AlignedBytes pixels_;
};

// Planar 4:2:0.
class YuvImage {
 public:
  YuvImage() = default;
  YuvImage(int width, int height, YuvFormat format);  // black in `format`
  YuvImage(YuvImage&& other) noexcept
      : width_(std::exchange(other.width_, 0)),
        height_(std::exchange(other.height_, 0)),
        format_(other.format_),
        samples_(std::move(other.samples_)) {}
  YuvImage& operator=(YuvImage&& other) noexcept {
    width_ = std::exchange(other.width_, 0);
    height_ = std::exchange(other.height_, 0);
    format_ = other.format_;
    samples_ = std::move(other.samples_);
    return *this;
  }

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
  AlignedBytes samples_;
};

// Makes every pixel black in the matrix and range of the view.
void FillBlack(YuvView view);

// Copies all rows; both must have the same size.
void CopyPixels(ConstImageView from, ImageView to);
void CopyPixels(ConstYuvView from, YuvView to);

}  // namespace lips
