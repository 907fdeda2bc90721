// Weights of a 1x1 convolution in the order in which the matrix kernel reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/cpu/aligned.h"
#include "kernels/matrix.h"

namespace lips::cpu {

// Activations and weights of a matrix product have one precision; sums are f32 or exact.
enum class Mode : uint8_t { kF32, kBf16, kInt8 };

kernels::NumberType InputType(Mode mode);  // of the activations: f32, bf16, u8
int NumbersPerGroup(Mode mode);            // 1, 2, 4: of consecutive input channels in 4 bytes

// What Quantised activations mean, per channel; padded to blocks. Empty for other types.
struct QuantisationTable {
  std::vector<float> scale, inverse, zero;
  // Of the channels from `first` on.
  kernels::Quantisation view(int first = 0) const {
    if (scale.empty()) return {};
    return {scale.data() + first, inverse.data() + first, zero.data() + first};
  }
  bool empty() const { return scale.empty(); }
};

// Immutable once made.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // `weights` is [outputs, inputs], row after row. For kInt8, `input` says what the input's numbers mean (per channel:
  // the scale goes into the weights before these are rounded, the zero point into the bias) and each output's weights
  // get a scale of their own; bias is [outputs] or empty for zeros.
  PackedMatrix(Mode mode, std::span<const float> weights, std::span<const float> bias, int outputs, int inputs,
               const QuantisationTable& input = {});

  bool empty() const { return columns_ == 0; }
  Mode mode() const { return mode_; }
  int inputs() const { return inputs_; }
  int columns() const { return columns_; }  // outputs, padded
  size_t bytes() const { return panels_.bytes(); }

  // Fills in weights, steps, columns, scale and bias for columns [first, last); `first` is a multiple of 64, `last` too
  // unless it is columns().
  void Set(kernels::MatrixArgs& args, int first, int last) const;
  void Set(kernels::MatrixArgs& args) const { Set(args, 0, columns_); }

 private:
  Mode mode_ = Mode::kF32;
  int inputs_ = 0;
  int columns_ = 0;
  int steps_ = 0;
  AlignedBytes panels_;
  std::vector<float> scale_;  // kInt8
  std::vector<float> bias_;
};

// The kernel for matrices of that mode on this CPU.
kernels::MatrixFn* MatrixKernel(Mode mode);

}  // namespace lips::cpu
