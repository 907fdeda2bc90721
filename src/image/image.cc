#include "image/image.h"

#include <cassert>
#include <cstring>

#include "image/colour_matrix.h"

namespace lips {
namespace {

size_t Area(int width, int height) { return static_cast<size_t>(width) * static_cast<size_t>(height); }

template <int kChannels>
void CopyRows(BasicView<const uint8_t, kChannels> from, BasicView<uint8_t, kChannels> to) {
  assert(from.width == to.width && from.height == to.height);
  if (from.width == 0) return;
  for (int y = 0; y < from.height; ++y) {
    std::memcpy(to.Row(y), from.Row(y), static_cast<size_t>(from.width) * kChannels);
  }
}

void Fill(PlaneView plane, uint8_t value) {
  if (plane.width == 0) return;
  for (int y = 0; y < plane.height; ++y) std::memset(plane.Row(y), value, static_cast<size_t>(plane.width));
}

// Sample is uint8_t or const uint8_t.
template <typename Sample>
BasicYuvView<Sample> PlanesOf(Sample* samples, int width, int height, YuvFormat format) {
  const int chroma_width = (width + 1) / 2;
  const int chroma_height = (height + 1) / 2;
  BasicYuvView<Sample> view;
  view.format = format;
  view.y = {samples, width, height, width};
  if (samples == nullptr) return view;
  Sample* u = samples + Area(width, height);
  view.u = {u, chroma_width, chroma_height, chroma_width};
  view.v = {u + Area(chroma_width, chroma_height), chroma_width, chroma_height, chroma_width};
  return view;
}

}  // namespace

Image::Image(int width, int height) {
  Resize(width, height);
  if (pixels_.size() > 0) std::memset(pixels_.data(), 0, pixels_.size());
}

Image Image::Clone() const {
  Image copy;
  copy.Resize(width_, height_);
  CopyPixels(view(), copy.view());
  return copy;
}

void Image::Resize(int width, int height) {
  assert(width >= 0 && height >= 0);
  pixels_.Resize(3 * Area(width, height));
  width_ = width;
  height_ = height;
}

YuvImage::YuvImage(int width, int height, YuvFormat format) {
  Resize(width, height, format);
  FillBlack(view());
}

YuvView YuvImage::view() { return PlanesOf<uint8_t>(samples_.data(), width_, height_, format_); }
ConstYuvView YuvImage::view() const { return PlanesOf<const uint8_t>(samples_.data(), width_, height_, format_); }

YuvImage YuvImage::Clone() const {
  YuvImage copy;
  copy.Resize(width_, height_, format_);
  CopyPixels(view(), copy.view());
  return copy;
}

void YuvImage::Resize(int width, int height, YuvFormat format) {
  assert(width >= 0 && height >= 0);
  samples_.Resize(Area(width, height) + 2 * Area((width + 1) / 2, (height + 1) / 2));
  width_ = width;
  height_ = height;
  format_ = format;
}

void FillBlack(YuvView view) {
  Fill(view.y, BlackLuma(view.format.range));
  Fill(view.u, 128);
  Fill(view.v, 128);
}

void CopyPixels(ConstImageView from, ImageView to) { CopyRows<3>(from, to); }

void CopyPixels(ConstYuvView from, YuvView to) {
  CopyRows<1>(from.y, to.y);
  CopyRows<1>(from.u, to.u);
  CopyRows<1>(from.v, to.v);
}

}  // namespace lips
