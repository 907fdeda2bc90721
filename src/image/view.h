// Non-owning 8-bit image views: a pointer, two sizes and a stride. Pass by value, never store.
//
// The type says what the bytes are: an ImageView is always interleaved B, G, R; a PlaneView is one channel;
// a YuvView is planar 4:2:0. There is no RGB type anywhere in the program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips {

// Half-open rectangle in pixels: covers [x, x + width) by [y, y + height).
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  int right() const { return x + width; }    // first column outside
  int bottom() const { return y + height; }  // first row outside
  bool operator==(const Rect&) const = default;
};

// Rows of interleaved samples, [height, width, kChannels]. Does not own `data`.
template <typename Sample, int kChannelCount>
struct BasicView {
  static constexpr int kChannels = kChannelCount;
  Sample* data = nullptr;
  int width = 0;               // pixels
  int height = 0;              // rows
  ptrdiff_t stride_bytes = 0;  // from one row to the next; may exceed width * kChannels

  Sample* Row(int y) const { return data + y * stride_bytes; }
  // The part of the view inside `rect`, which must lie within it.
  BasicView Crop(Rect rect) const { return {Row(rect.y) + rect.x * kChannels, rect.width, rect.height, stride_bytes}; }
  operator BasicView<const Sample, kChannelCount>() const {  // NOLINT(google-explicit-constructor)
    return {data, width, height, stride_bytes};
  }
};
using ImageView = BasicView<uint8_t, 3>;             // B, G, R
using ConstImageView = BasicView<const uint8_t, 3>;  // B, G, R
using PlaneView = BasicView<uint8_t, 1>;
using ConstPlaneView = BasicView<const uint8_t, 1>;

// Which Y'CbCr these bytes are. Source: ITU-R BT.601-7, BT.709-6.
enum class YuvMatrix : uint8_t { kBt601, kBt709 };
enum class YuvRange : uint8_t { kLimited, kFull };  // 16..235 / 0..255
struct YuvFormat {
  YuvMatrix matrix = YuvMatrix::kBt601;
  YuvRange range = YuvRange::kLimited;
  bool operator==(const YuvFormat&) const = default;
};

// Planar 4:2:0, chroma sited left (MPEG-2). u and v are [(height + 1) / 2, (width + 1) / 2].
template <typename Sample>
struct BasicYuvView {
  BasicView<Sample, 1> y;
  BasicView<Sample, 1> u;
  BasicView<Sample, 1> v;
  YuvFormat format;
  int width() const { return y.width; }
  int height() const { return y.height; }
  operator BasicYuvView<const Sample>() const {  // NOLINT(google-explicit-constructor)
    return {y, u, v, format};
  }
};
using YuvView = BasicYuvView<uint8_t>;
using ConstYuvView = BasicYuvView<const uint8_t>;

}  // namespace lips
