// Dense tensors: one owner, two views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lips {

enum class DType : uint8_t { kF32, kF64, kF16, kBf16, kI64, kI32, kI8, kU8, kBool };

size_t SizeOf(DType dtype);          // bytes of one element
std::string_view Name(DType dtype);  // "f32"

using Dims = std::vector<int64_t>;  // row major; empty for a scalar

std::string ToString(const Dims& dims);  // "[1,6,320,320]"

// The product of `dims` (1 for a scalar). Errors: kCorrupted for a negative dimension, kResourceLimit when
// the tensor would have more than 2^40 elements.
Result<int64_t> ElementCount(const Dims& dims);

// Maps C++ element types to DType; only these may be asked of a tensor.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType kValue = DType::kF64;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType kValue = DType::kI64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType kValue = DType::kI32;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType kValue = DType::kI8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType kValue = DType::kU8;
};

// Owns its elements: packed, row major, 64-byte aligned. Move-only; Clone() copies, Share() copies when one of the two
// is written to: every function that gives out writable elements makes them this tensor's own first.
class Tensor {
 public:
  Tensor() = default;  // f32, shape [0], no memory
  // Zero-filled. `dims` must be valid for ElementCount (our own code's duty: checked by assertion).
  Tensor(DType dtype, Dims dims);
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;
  ~Tensor() = default;
  template <typename T>
  static Tensor Of(Dims dims, std::span<const T> values);  // copies; values.size() == ElementCount(dims)

  DType dtype() const { return dtype_; }
  const Dims& dims() const { return dims_; }
  int64_t size() const { return size_; }  // elements
  size_t bytes() const { return static_cast<size_t>(size_) * SizeOf(dtype_); }
  uint8_t* data() {
    if (data_.use_count() > 1) Detach();
    return data_.get();
  }
  const uint8_t* data() const { return data_.get(); }

  // The elements as T. T must match dtype() (assertion).
  template <typename T>
  std::span<T> As();
  template <typename T>
  std::span<const T> As() const;

  // Same elements under other dims of the same count (assertion).
  void Reshape(Dims dims);
  // Makes this a tensor of that type and shape; keeps the memory when it suffices and is its own. Contents unspecified.
  void Resize(DType dtype, const Dims& dims);
  Tensor Clone() const;
  Tensor Share() const;

 private:
  void Detach();

  DType dtype_ = DType::kF32;
  Dims dims_ = {0};
  int64_t size_ = 0;
  size_t capacity_bytes_ = 0;
  std::shared_ptr<uint8_t> data_;
};

// Element-wise conversion to f32: halves and integers exactly (i64 rounds), bool as 0/1.
Tensor ToF32(const Tensor& tensor);

// The nearest f16 of every element of an f32 tensor, ties to even; what is too large becomes infinity.
Tensor ToF16(const Tensor& tensor);

// Refers to elements owned elsewhere, row major and packed. Never stored beyond a call.
struct TensorView {
  DType dtype = DType::kF32;
  Dims dims;
  const uint8_t* data = nullptr;

  TensorView() = default;
  TensorView(const Tensor& tensor)  // NOLINT(google-explicit-constructor): a view is always safe to make
      : dtype(tensor.dtype()), dims(tensor.dims()), data(tensor.data()) {}
  TensorView(Dims shape, std::span<const float> values)
      : dims(std::move(shape)), data(reinterpret_cast<const uint8_t*>(values.data())) {}
};

}  // namespace lips

#include "tensor/tensor_inl.h"
