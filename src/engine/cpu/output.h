// The end of a generator: 1x1 convolution to three channels, sigmoid, 8-bit pixels.
#pragma once

#include "engine/cpu/packed_matrix.h"

namespace lips::cpu {

// Immutable.
class OutputHead {
 public:
  explicit OutputHead(PackedMatrix matrix) : matrix_(std::move(matrix)) {}

  // `pixels` pixels of the matrix's input type, `stride_bytes` apart, to B, G, R bytes. `scratch` holds 16 floats a
  // pixel. Returns whether all values were finite.
  bool Run(const void* x, size_t stride_bytes, int pixels, float* scratch, uint8_t* bgr) const;
  const PackedMatrix& matrix() const { return matrix_; }

 private:
  PackedMatrix matrix_;
};

}  // namespace lips::cpu
