// An owner of one 8-bit channel, such as the alpha of a picture. Move-only; a moved-from one is empty.
#pragma once

#include <cstring>
#include <utility>

#include "image/aligned_bytes.h"
#include "image/view.h"

namespace lips {

class Plane {
 public:
  Plane() = default;
  Plane(int width, int height, uint8_t value) {
    Resize(width, height);
    if (samples_.size() > 0) std::memset(samples_.data(), value, samples_.size());
  }
  Plane(Plane&& other) noexcept
      : width_(std::exchange(other.width_, 0)),
        height_(std::exchange(other.height_, 0)),
        samples_(std::move(other.samples_)) {}
  Plane& operator=(Plane&& other) noexcept {
    width_ = std::exchange(other.width_, 0);
    height_ = std::exchange(other.height_, 0);
    samples_ = std::move(other.samples_);
    return *this;
  }

  bool empty() const { return width_ == 0; }
  int width() const { return width_; }
  int height() const { return height_; }
  PlaneView view() { return {samples_.data(), width_, height_, width_}; }
  ConstPlaneView view() const { return {samples_.data(), width_, height_, width_}; }
  // Makes this that size; keeps the memory when it suffices. Contents unspecified. width, height >= 0.
  void Resize(int width, int height) {
    samples_.Resize(static_cast<size_t>(width) * static_cast<size_t>(height));
    width_ = width;
    height_ = height;
  }

 private:
  int width_ = 0;
  int height_ = 0;
  AlignedBytes samples_;
};

}  // namespace lips
