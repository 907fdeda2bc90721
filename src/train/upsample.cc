#include "train/upsample.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace lips {
namespace {

float Load(float value) { return value; }
float Load(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

template <typename Number>
Number Store(float value);
template <>
float Store<float>(float value) {
  return value;
}
template <>
uint16_t Store<uint16_t>(float value) {  // nearest, ties to even; training has no use for NaN payloads
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace

UpsampleAxis::UpsampleAxis(int count, int offset, int whole) : size(count) {
  const double scale = whole > 1 ? static_cast<double>(whole - 1) / (2.0 * whole - 1) : 0;
  for (int j = 2 * offset; j < 2 * (offset + count); ++j) {
    const double position = std::clamp(j * scale - offset, 0.0, static_cast<double>(count - 1));
    const int base = std::clamp(static_cast<int>(position), 0, std::max(count - 2, 0));
    from.push_back(base);
    share.push_back(count > 1 ? static_cast<float>(position - base) : 0.0f);
  }
}

template <typename Number>
void Upsample(const UpsampleAxis& rows, const UpsampleAxis& columns, int channels, const Number* in, Number* out) {
  const auto c = static_cast<size_t>(channels);
  const size_t in_row = static_cast<size_t>(columns.size) * c;
  std::vector<float> mixed(in_row);
  for (size_t y = 0; y < rows.from.size(); ++y) {
    const Number* top = in + static_cast<size_t>(rows.from[y]) * in_row;
    const Number* bottom = rows.size > 1 ? top + in_row : top;
    const float down = rows.share[y];
    const float up = 1 - down;
    float* mix = mixed.data();
    for (size_t i = 0; i < in_row; ++i) mix[i] = up * Load(top[i]) + down * Load(bottom[i]);
    Number* to = out + y * 2 * in_row;
    for (size_t x = 0; x < columns.from.size(); ++x, to += c) {
      const float* left = mix + static_cast<size_t>(columns.from[x]) * c;
      const float* right = columns.size > 1 ? left + c : left;
      const float b = columns.share[x];
      const float a = 1 - b;
      for (size_t k = 0; k < c; ++k) to[k] = Store<Number>(a * left[k] + b * right[k]);
    }
  }
}

template <typename Number>
void UpsampleGradient(const UpsampleAxis& rows, const UpsampleAxis& columns, int channels, const Number* out_gradient,
                      Number* in_gradient) {
  const auto c = static_cast<size_t>(channels);
  const size_t in_row = static_cast<size_t>(columns.size) * c;
  // Rows of the output come in order of the input rows they read, so two rows of sums are enough: for `base` and the
  // next one.
  std::vector<float> sums(2 * in_row, 0.0f);
  std::vector<float> gathered(in_row);
  int base = 0;
  const auto flush = [&](int row) {
    for (size_t i = 0; i < in_row; ++i) in_gradient[static_cast<size_t>(row) * in_row + i] = Store<Number>(sums[i]);
    std::copy(sums.begin() + static_cast<ptrdiff_t>(in_row), sums.end(), sums.begin());
    std::fill(sums.begin() + static_cast<ptrdiff_t>(in_row), sums.end(), 0.0f);
  };
  for (size_t y = 0; y < rows.from.size(); ++y) {
    for (; base < rows.from[y]; ++base) flush(base);
    std::fill(gathered.begin(), gathered.end(), 0.0f);
    const Number* from = out_gradient + y * 2 * in_row;
    for (size_t x = 0; x < columns.from.size(); ++x, from += c) {
      float* left = gathered.data() + static_cast<size_t>(columns.from[x]) * c;
      float* right = columns.size > 1 ? left + c : left;
      const float b = columns.share[x];
      const float a = 1 - b;
      for (size_t k = 0; k < c; ++k) {
        const float g = Load(from[k]);
        left[k] += a * g;
        right[k] += b * g;
      }
    }
    const float down = rows.share[y];
    const float up = 1 - down;
    for (size_t i = 0; i < in_row; ++i) {
      sums[i] += up * gathered[i];
      sums[in_row + i] += down * gathered[i];
    }
  }
  for (; base < rows.size; ++base) flush(base);
}

template void Upsample(const UpsampleAxis&, const UpsampleAxis&, int, const float*, float*);
template void Upsample(const UpsampleAxis&, const UpsampleAxis&, int, const uint16_t*, uint16_t*);
template void UpsampleGradient(const UpsampleAxis&, const UpsampleAxis&, int, const float*, float*);
template void UpsampleGradient(const UpsampleAxis&, const UpsampleAxis&, int, const uint16_t*, uint16_t*);

}  // namespace lips
