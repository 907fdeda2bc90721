// The product of pixel rows with packed weights, and everything that surrounds it in a network: the one kernel that
// takes most of the time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/number.h"

namespace lips::kernels {

// For pixel p < rows and column c < columns:
//   sum = sum over k of x[p][k] * w[k][c]                                (times scale[c] when x is kU8)
//   y[p][c] = act(sum + bias[c] + addend[p][c] + line[at[p] + c] + fraction[p] * slope[at[p] + c])
// with each term after the first only where its pointer is given, and act = max(0, .) when `relu`.
//
// x is f32, bf16 or u8: a row is `steps` groups of 4 bytes, 1, 2 or 4 numbers each. `weights` are in panels of columns
// (PanelWidth), one after the other; a panel of width n is [steps][n] groups of 4 bytes, which
// hold f32, bf16 or s8 of consecutive k. `columns` is a multiple of 16. Nothing is written past `columns` of each row.
// With `wide`, weights of f32 activations are f64, in groups of 8 bytes, and so is the bias: wide_bias instead of bias.
// Their sum is made in double and rounded once. A network begins with such sums, from a picture's few channels; there
// they nearly cancel with the bias, and whatever is lost, of sums or weights, the whole network magnifies
// (docs/numerics.md). It takes about twice as long.
// A column's sum is made in the order of k whatever the rows and columns around it, so any split gives the same bits.
// In f32 it is made in parts of kPartSteps, which are then added up one after the other: what a long sum loses grows
// with the number of terms that it has behind it.
struct MatrixArgs {
  const void* x = nullptr;
  size_t x_stride_bytes = 0;  // from one pixel to the next
  int rows = 0;
  const void* weights = nullptr;
  int steps = 0;  // 0: the sum is 0, and x and weights are not read
  int columns = 0;
  const float* scale = nullptr;

  const float* bias = nullptr;
  const double* wide_bias = nullptr;
  const void* addend = nullptr;
  size_t addend_stride = 0;  // numbers
  NumberType addend_type = NumberType::kF32;
  Quantisation addend_quantisation = {};
  const float* line = nullptr;  // with slope, at and fraction
  const float* slope = nullptr;
  const int32_t* at = nullptr;
  const float* fraction = nullptr;
  bool relu = false;
  bool wide = false;  // of f32 only

  void* y = nullptr;
  size_t y_stride = 0;  // numbers
  NumberType y_type = NumberType::kF32;
  Quantisation y_quantisation = {};
};

inline constexpr int kPartSteps = 64;

// Of the panel that begins where so many columns are left.
constexpr int PanelWidth(int columns_left) { return columns_left >= 64 ? 64 : columns_left >= 32 ? 32 : 16; }

// With `line`, y must be f32.
using MatrixFn = void(const MatrixArgs& args);

MatrixFn MatrixF32_scalar;  // the definitions
MatrixFn MatrixF32_avx2;    // sums by fused multiply-add
MatrixFn MatrixF32_avx512;

// Products of bf16 are exact; sums are in f32, of pairs of k. The order within a pair differs between versions.
MatrixFn MatrixBf16_scalar;
MatrixFn MatrixBf16_avx2;
MatrixFn MatrixBf16_avx512;

// Sums are exact integers.
MatrixFn MatrixU8_scalar;
MatrixFn MatrixU8_avx2;  // no faster than f32: for what was packed elsewhere
MatrixFn MatrixU8_avx512;

}  // namespace lips::kernels
