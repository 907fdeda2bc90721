// What the tests and the benchmarks of the row kernels run: one call each, with operands of its own.
#pragma once

#include <cstring>
#include <iterator>
#include <limits>

#include "kernels/kernel_check.h"

namespace lips::kernels {

constexpr NumberType kNumberTypes[] = {NumberType::kF32, NumberType::kBf16, NumberType::kU8};

inline const char* NameOf(NumberType type) {
  return type == NumberType::kF32 ? "f32" : type == NumberType::kBf16 ? "bf16" : "u8";
}

inline float RandomFloat(std::mt19937& rng) {
  return (static_cast<float>(rng() % 4001) - 2000.0f) / 1000.0f + static_cast<float>(rng() % 1000) * 1e-7f;
}

// Mostly within [-2, 2]; some values at which roundings and comparisons go wrong.
inline float HardFloat(std::mt19937& rng) {
  constexpr float kHard[] = {0.0f,
                             -0.0f,
                             1e-40f,
                             -1e-40f,
                             std::numeric_limits<float>::min(),
                             1.00390625f,   // half way between two bf16, the lower one even
                             -1.01171875f,  // the upper one even
                             3e9f,          // leaves 32 bits, and the levels
                             -3e9f,
                             std::numeric_limits<float>::max(),
                             std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN(),
                             -std::numeric_limits<float>::quiet_NaN()};
  return rng() % 4 == 0 ? kHard[rng() % std::size(kHard)] : RandomFloat(rng);
}

inline std::vector<float> FloatsBy(float (&number)(std::mt19937&), std::mt19937& rng, size_t n) {
  std::vector<float> floats(n);
  for (float& x : floats) x = number(rng);
  return floats;
}

// n numbers of a type, as bytes.
inline std::vector<uint8_t> NumbersBy(float (&number)(std::mt19937&), std::mt19937& rng, NumberType type, size_t n) {
  std::vector<uint8_t> bytes = RandomBytes(rng, n * SizeOf(type));
  if (type == NumberType::kU8) return bytes;
  for (size_t i = 0; i < n; ++i) {
    const float value = number(rng);  // the upper half of a float is a bf16
    std::memcpy(bytes.data() + i * SizeOf(type), reinterpret_cast<const uint8_t*>(&value) + sizeof value - SizeOf(type),
                SizeOf(type));
  }
  return bytes;
}

// Owns what a Quantisation borrows, for values within about [-2, 2].
struct RandomQuantisation {
  RandomQuantisation() = default;
  RandomQuantisation(std::mt19937& rng, size_t channels) {
    for (size_t c = 0; c < channels; ++c) {
      scale.push_back(static_cast<float>(rng() % 1000 + 500) / 65536.0f);
      inverse.push_back(1.0f / scale.back());
      zero.push_back(static_cast<float>(rng() % 256));
    }
  }
  Quantisation view() const { return {scale.data(), inverse.data(), zero.data()}; }
  LineVector<float> scale, inverse, zero;
};

// Every case copies, runs any table's kernel on its own operands, and may be compared by `out`, canaries included.
// Strides are `spare` elements more than the channels.

struct ConvertCase {
  ConvertCase(std::mt19937& rng, float (&number)(std::mt19937&), NumberType from, NumberType to, size_t pixels,
              size_t channels, size_t spare)
      : in_type(from),
        out_type(to),
        n(pixels),
        c(channels),
        stride(channels + spare),
        in_levels(rng, channels),
        out_levels(rng, channels),
        in(OnLine(NumbersBy(number, rng, from, n == 0 ? 0 : (n - 1) * stride + c))),
        out(rng, n * stride * SizeOf(to)) {}
  void Run(const Table& table) {
    table.convert_row({in.data(), stride, in_type, in_levels.view(), out.data(), stride, out_type, out_levels.view(),
                       static_cast<int>(n), static_cast<int>(c)});
  }
  NumberType in_type, out_type;
  size_t n, c, stride;
  RandomQuantisation in_levels, out_levels;
  LineVector<uint8_t> in;
  Guarded<uint8_t> out;
};

struct DepthwiseCase {
  DepthwiseCase(std::mt19937& rng, float (&number)(std::mt19937&), NumberType type, size_t width_pixels,
                size_t column_stride, size_t channels, size_t spare)
      : out_type(type), width(width_pixels), stride(column_stride), c(channels), pitch(channels + spare) {
    const size_t columns = width == 0 ? 0 : (width - 1) * stride + 3;
    for (auto& row : rows) row = OnLine(FloatsBy(number, rng, columns == 0 ? 0 : (columns - 1) * pitch + c));
    weights = OnLine(FloatsBy(RandomFloat, rng, 8 * pitch + c));
    bias = OnLine(FloatsBy(RandomFloat, rng, c));
    for (const float w : weights) wide_weights.push_back(w / 3.0);
    for (const float b : bias) wide_bias.push_back(b / 3.0);
    levels = RandomQuantisation(rng, c);
    out = Guarded<uint8_t>(rng, width * pitch * SizeOf(type));
  }
  void Run(const Table& table) {
    table.depthwise_row({{rows[0].data(), rows[1].data(), rows[2].data()},
                         pitch,
                         weights.data(),
                         pitch,
                         bias.data(),
                         static_cast<int>(width),
                         static_cast<int>(stride),
                         static_cast<int>(c),
                         out.data(),
                         pitch,
                         out_type,
                         levels.view(),
                         wide ? wide_weights.data() : nullptr,
                         wide ? wide_bias.data() : nullptr});
  }
  NumberType out_type;
  bool wide = false;
  size_t width, stride, c, pitch;
  LineVector<float> rows[3], weights, bias;
  std::vector<double> wide_weights, wide_bias;
  RandomQuantisation levels;
  Guarded<uint8_t> out;
};

struct WindowCase {
  WindowCase(std::mt19937& rng, size_t down, size_t across, size_t column_stride, size_t column_dilation,
             size_t width_pixels, size_t channels, size_t spare)
      : taps_down(down),
        taps_across(across),
        stride(column_stride),
        dilation(column_dilation),
        width(width_pixels),
        c(channels),
        pitch(channels + spare),
        least(rng() % 2 == 0 ? 0.0f : -std::numeric_limits<float>::infinity()) {
    const size_t columns = width == 0 ? 0 : (width - 1) * stride + (across - 1) * dilation + 1;
    for (size_t r = 0; r < down; ++r) {
      rows.push_back(OnLine(FloatsBy(RandomFloat, rng, columns == 0 ? 0 : (columns - 1) * pitch + c)));
    }
    weights = OnLine(FloatsBy(RandomFloat, rng, (down * across - 1) * pitch + c));
    bias = OnLine(FloatsBy(RandomFloat, rng, c));
    out = Guarded<float>(rng, width * pitch);
  }
  void Run(const Table& table) {
    std::vector<const float*> pointers;
    for (const auto& row : rows) pointers.push_back(row.data());
    table.window_row({.rows = pointers.data(),
                      .taps_down = static_cast<int>(taps_down),
                      .taps_across = static_cast<int>(taps_across),
                      .pixel_stride = pitch,
                      .weights = weights.data(),
                      .weight_stride = pitch,
                      .bias = bias.data(),
                      .width = static_cast<int>(width),
                      .stride = static_cast<int>(stride),
                      .dilation = static_cast<int>(dilation),
                      .channels = static_cast<int>(c),
                      .least = least,
                      .out = out.data(),
                      .out_stride = pitch});
  }
  size_t taps_down, taps_across, stride, dilation, width, c, pitch;
  float least;
  std::vector<LineVector<float>> rows;
  LineVector<float> weights, bias;
  Guarded<float> out;
};

struct BlendCase {
  BlendCase(std::mt19937& rng, float (&number)(std::mt19937&), size_t pixels, size_t channels, size_t spare)
      : n(pixels), c(channels), stride(channels + spare) {
    const size_t floats = n == 0 ? 0 : (n - 1) * stride + c;
    a = OnLine(FloatsBy(number, rng, floats));
    b = OnLine(FloatsBy(number, rng, floats));
    f = static_cast<float>(rng() % 1000) / 1000.0f;
    out = Guarded<float>(rng, 2 * n * stride);
  }
  void Run(const Table& table) {
    table.blend_rows({a.data(), b.data(), stride, f, out.data(), out.data() + n * stride, stride, static_cast<int>(n),
                      static_cast<int>(c)});
  }
  size_t n, c, stride;
  float f;
  LineVector<float> a, b;
  Guarded<float> out;
};

struct BgrPixelsCase {
  BgrPixelsCase(std::mt19937& rng, NumberType type, size_t pixels, size_t spare)
      : out_type(type),
        n(pixels),
        stride(kChannelBlock + spare),
        levels(rng, kChannelBlock),
        roi(RandomBytes(rng, 3 * n)),
        masked(RandomBytes(rng, 3 * n)),
        out(rng, n * stride * SizeOf(type)) {}
  void Run(const Table& table) {
    table.bgr_pixels_row({roi.data(), masked.data(), out.data(), stride, out_type, levels.view(), static_cast<int>(n)});
  }
  NumberType out_type;
  size_t n, stride;
  RandomQuantisation levels;
  std::vector<uint8_t> roi, masked;
  Guarded<uint8_t> out;
};

struct RowFromPlanesCase {
  RowFromPlanesCase(std::mt19937& rng, float (&number)(std::mt19937&), NumberType type, size_t pixels, size_t channels,
                    size_t spare)
      : out_type(type),
        n(pixels),
        c(channels),
        plane_stride(pixels + spare),
        stride(static_cast<size_t>(PaddedChannels(static_cast<int>(channels))) + spare),
        levels(rng, stride),
        planes(OnLine(FloatsBy(number, rng, n == 0 ? 0 : (c - 1) * plane_stride + n))),
        out(rng, n * stride * SizeOf(type)) {}
  void Run(const Table& table) {
    table.row_from_planes({planes.data(), plane_stride, out.data(), stride, out_type, levels.view(),
                           static_cast<int>(n), static_cast<int>(c)});
  }
  NumberType out_type;
  size_t n, c, plane_stride, stride;
  RandomQuantisation levels;
  LineVector<float> planes;
  Guarded<uint8_t> out;
};

struct PlanesFromRowCase {
  PlanesFromRowCase(std::mt19937& rng, float (&number)(std::mt19937&), NumberType type, size_t pixels, size_t channels,
                    size_t spare)
      : in_type(type),
        n(pixels),
        c(channels),
        plane_stride(pixels + spare),
        stride(static_cast<size_t>(PaddedChannels(static_cast<int>(channels))) + spare),
        levels(rng, stride),
        in(OnLine(NumbersBy(number, rng, type, n == 0 ? 0 : n * stride - spare))),
        out(rng, c * plane_stride * sizeof(float)) {}
  void Run(const Table& table) {
    table.planes_from_row({in.data(), stride, in_type, levels.view(), reinterpret_cast<float*>(out.data()),
                           plane_stride, static_cast<int>(n), static_cast<int>(c)});
  }
  NumberType in_type;
  size_t n, c, plane_stride, stride;
  RandomQuantisation levels;
  LineVector<uint8_t> in;
  Guarded<uint8_t> out;
};

// Sigmoids are interesting within about [-20, 20].
inline float RandomLogit(std::mt19937& rng) { return 10.0f * RandomFloat(rng); }

struct SigmoidCase {
  SigmoidCase(std::mt19937& rng, size_t count) : n(count), in(OnLine(FloatsBy(RandomLogit, rng, n))), out(rng, n) {}
  void Run(const Table& table) { finite = table.sigmoid_row(out.data(), in.data(), n); }
  size_t n;
  bool finite = false;
  LineVector<float> in;
  Guarded<float> out;
};

struct SigmoidBgrCase {
  SigmoidBgrCase(std::mt19937& rng, size_t pixels, size_t pixel_stride)
      : n(pixels),
        stride(pixel_stride),
        in(OnLine(FloatsBy(RandomLogit, rng, n == 0 ? 0 : (n - 1) * stride + 4))),
        out(rng, 3 * n) {}
  void Run(const Table& table) { finite = table.sigmoid_bgr_row(out.data(), in.data(), stride, n); }
  size_t n, stride;
  bool finite = false;
  LineVector<float> in;
  Guarded<uint8_t> out;
};

}  // namespace lips::kernels
