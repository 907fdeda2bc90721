// Weights of a 1x1 convolution in the order in which the matrix kernel reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/file_part.h"
#include "base/result.h"
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

// Immutable once made; copies share the weights.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // `weights` is [outputs, inputs], row after row. For kInt8, `input` says what the input's numbers mean (per channel:
  // the scale goes into the weights before these are rounded, the zero point into the bias) and each output's weights
  // get a scale of their own; bias is [outputs] or empty for zeros.
  PackedMatrix(Mode mode, std::span<const float> weights, std::span<const float> bias, int outputs, int inputs,
               const QuantisationTable& input = {});
  // Of kF32, multiplied and added up in double (MatrixArgs::wide).
  static PackedMatrix Wide(std::span<const double> weights, std::span<const double> bias, int outputs, int inputs);

  // A matrix as AppendTo wrote it, used where it lies. `stored` is 64-byte aligned and has StoredBytes bytes.
  static PackedMatrix Over(Mode mode, int outputs, int inputs, const OwnedBytes& stored, bool wide = false);
  static size_t StoredBytes(Mode mode, int outputs, int inputs, bool wide = false);  // a multiple of 64
  void AppendTo(std::vector<uint8_t>& bytes) const;

  bool empty() const { return columns_ == 0; }
  Mode mode() const { return mode_; }
  int inputs() const { return inputs_; }
  int columns() const { return columns_; }  // outputs, padded
  size_t bytes() const;

  // Fills in weights, steps, columns, scale and bias for columns [first, last); `first` is a multiple of 64, `last` too
  // unless it is columns().
  void Set(kernels::MatrixArgs& args, int first, int last) const;
  void Set(kernels::MatrixArgs& args) const { Set(args, 0, columns_); }

 private:
  PackedMatrix(Mode mode, int outputs, int inputs, bool wide);  // no weights yet
  static size_t size(int n) { return static_cast<size_t>(n); }

  Mode mode_ = Mode::kF32;
  bool wide_ = false;
  int inputs_ = 0;
  int columns_ = 0;
  int steps_ = 0;
  OwnedBytes panels_;
  std::vector<float> scale_;  // kInt8
  std::vector<float> bias_;
  std::vector<double> wide_bias_;
};

// Hands out, in the order in which they were appended, the matrices of a block of bytes.
class PackedWeights {
 public:
  explicit PackedWeights(OwnedBytes bytes) : bytes_(std::move(bytes)) {}
  // Errors: kCorrupted when what is left is too short, or dimensions that no matrix has.
  Result<PackedMatrix> Take(Mode mode, int64_t outputs, int64_t inputs, bool wide = false);
  size_t left() const { return bytes_.bytes.size() - taken_; }

 private:
  OwnedBytes bytes_;
  size_t taken_ = 0;
};

// The kernel for matrices of that mode on this CPU.
kernels::MatrixFn* MatrixKernel(Mode mode);

}  // namespace lips::cpu
