// The head of an NPY file: what the elements are, how many, in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "tensor/tensor.h"

namespace lips {

// Source: "NEP 1: a simple file format for NumPy arrays" and its versions 2.0 and 3.0.
struct NpyHeader {
  DType dtype = DType::kF32;
  bool big_endian = false;
  bool fortran_order = false;  // the first index varies fastest
  Dims dims;
  size_t data_offset_bytes = 0;  // where the elements begin
};

// Reads the head of `bytes`. Allocates no more than the head's own size; at most 32 dimensions, as NumPy. Errors:
// kCorrupted, kUnsupported (version, element type), kResourceLimit (2^40 elements, 32 dimensions).
Result<NpyHeader> ParseNpyHeader(std::span<const uint8_t> bytes);

// Version 1.0, little endian, C order, padded so that the elements begin at a multiple of 64 bytes: for writers that
// stream the elements themselves. Errors: kUnsupported for bf16, which NPY does not know, and above 32 dimensions.
Result<std::string> FormatNpyHeader(DType dtype, const Dims& dims);

}  // namespace lips
