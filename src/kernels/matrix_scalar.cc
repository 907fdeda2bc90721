#include <cmath>
#include <cstring>
#include <initializer_list>

#include "kernels/matrix.h"
#include "kernels/number_scalar.h"

namespace lips::kernels {
namespace {

// Everything after the bias.
void Finish(const MatrixArgs& args, size_t p, size_t c, float v) {
  if (args.addend != nullptr) {
    v += LoadNumber(args.addend, p * args.addend_stride + c, args.addend_type, args.addend_quantisation, c);
  }
  if (args.line != nullptr) {
    const size_t at = static_cast<size_t>(args.at[p]) + c;
    v += std::fma(args.fraction[p], args.slope[at], args.line[at]);
  }
  if (args.relu) v = MaxOf(0.0f, v);
  StoreNumber(args.y, p * args.y_stride + c, v, args.y_type, args.y_quantisation, c);
}

float PlusBias(const MatrixArgs& args, float v, size_t c) { return args.bias != nullptr ? v + args.bias[c] : v; }

// sum(x group, weight group) of one pixel and column, with_bias(sum, column), then Finish. A column's group of weights
// is of kWeightBytes. Sums are made in parts of `part_steps`.
template <typename Sum, size_t kWeightBytes = 4, typename Feed, typename WithBias>
void Matrix(const MatrixArgs& args, int part_steps, const Feed& feed, const WithBias& with_bias) {
  const auto* panel = static_cast<const uint8_t*>(args.weights);
  const size_t group = args.steps > 0 ? kWeightBytes : 0;  // without steps the weights may be null
  for (int first = 0; first < args.columns;) {
    const int width = PanelWidth(args.columns - first);
    for (int p = 0; p < args.rows; ++p) {
      for (int c = first; c < first + width; ++c) {
        const auto pixel = static_cast<size_t>(p);
        const auto column = static_cast<size_t>(c);
        const uint8_t* x = static_cast<const uint8_t*>(args.x) + pixel * args.x_stride_bytes;
        const uint8_t* w = panel + static_cast<size_t>(c - first) * group;
        Sum sum = 0, part = 0;
        for (int k = 0; k < args.steps; ++k, x += 4, w += static_cast<size_t>(width) * group) {
          part = feed(part, x, w);
          if ((k + 1) % part_steps != 0 && k + 1 < args.steps) continue;
          sum = k < part_steps ? part : sum + part;  // the first is no sum with 0: of -0, the sign stays
          part = 0;
        }
        Finish(args, pixel, column, with_bias(sum, column));
      }
    }
    panel += static_cast<size_t>(width) * group * static_cast<size_t>(args.steps);
    first += width;
  }
}

template <typename T>
T Read(const uint8_t* from, size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

void MatrixF32_scalar(const MatrixArgs& args) {
  if (args.wide) {
    Matrix<double, 8>(
        args, args.steps,
        [](double sum, const uint8_t* x, const uint8_t* w) {
          return std::fma(double{Read<float>(x, 0)}, Read<double>(w, 0), sum);
        },
        [&](double sum, size_t c) {
          return static_cast<float>(args.wide_bias != nullptr ? sum + args.wide_bias[c] : sum);
        });
    return;
  }
  Matrix<float>(
      args, kPartSteps,
      [](float sum, const uint8_t* x, const uint8_t* w) { return std::fma(Read<float>(x, 0), Read<float>(w, 0), sum); },
      [&](float sum, size_t c) { return PlusBias(args, sum, c); });
}

void MatrixBf16_scalar(const MatrixArgs& args) {
  Matrix<float>(
      args, args.steps,
      [](float sum, const uint8_t* x, const uint8_t* w) {
        for (const size_t half : {size_t{1}, size_t{0}}) {
          sum = std::fma(FloatFromBf16(Read<uint16_t>(x, half)), FloatFromBf16(Read<uint16_t>(w, half)), sum);
        }
        return sum;
      },
      [&](float sum, size_t c) { return PlusBias(args, sum, c); });
}

void MatrixU8_scalar(const MatrixArgs& args) {
  Matrix<int32_t>(
      args, args.steps,
      [](int32_t sum, const uint8_t* x, const uint8_t* w) {
        for (size_t i = 0; i < 4; ++i) sum += int32_t{x[i]} * int32_t{Read<int8_t>(w, i)};
        return sum;
      },
      [&](int32_t sum, size_t c) { return PlusBias(args, static_cast<float>(sum) * args.scale[c], c); });
}

}  // namespace lips::kernels
