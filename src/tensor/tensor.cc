#include "tensor/tensor.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace lips {
namespace {

constexpr size_t kAlignment = 64;
constexpr int64_t kMaxElements = int64_t{1} << 40;

std::shared_ptr<uint8_t> AllocateAligned(size_t bytes) {
  return {static_cast<uint8_t*>(::operator new (bytes, std::align_val_t{kAlignment})),
          [](uint8_t* p) { ::operator delete (p, std::align_val_t{kAlignment}); }};
}

// IEEE binary16 -> binary32, exact.
float HalfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t exponent = (half >> 10) & 31u;
  const uint32_t mantissa = half & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float subnormal = static_cast<float>(mantissa) * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

// binary32 -> IEEE binary16, nearest, ties to even.
uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);   // NaN
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to 65520 or more
  if (magnitude < 0x38800000u) {                                               // subnormal: units of 2^-24
    // Adding 0.5 puts the unit at the last bit of the sum, which the FPU rounds as wanted.
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(sum) - 0x3f000000u));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  const uint32_t rounded = magnitude + 0xfffu + odd;
  return static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)));
}

template <typename T>
void ConvertAll(const Tensor& from, std::span<float> to) {
  const T* values = reinterpret_cast<const T*>(from.data());
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(values[i]);
}

}  // namespace

size_t SizeOf(DType dtype) {
  switch (dtype) {
    case DType::kF64:
    case DType::kI64: return 8;
    case DType::kF32:
    case DType::kI32: return 4;
    case DType::kF16:
    case DType::kBf16: return 2;
    case DType::kI8:
    case DType::kU8:
    case DType::kBool: return 1;
  }
  return 0;
}

std::string_view Name(DType dtype) {
  switch (dtype) {
    case DType::kF32: return "f32";
    case DType::kF64: return "f64";
    case DType::kF16: return "f16";
    case DType::kBf16: return "bf16";
    case DType::kI64: return "i64";
    case DType::kI32: return "i32";
    case DType::kI8: return "i8";
    case DType::kU8: return "u8";
    case DType::kBool: return "bool";
  }
  return "?";
}

std::string ToString(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ',';
    text += dims[i] < 0 ? "?" : std::to_string(dims[i]);
  }
  return text + "]";
}

Result<int64_t> ElementCount(const Dims& dims) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0) {
      return Error(ErrorCode::kCorrupted,
                   "dimension " + std::to_string(dim) + " is negative in shape " + ToString(dims));
    }
    empty = empty || dim == 0;
    if (dim > 0 && count > kMaxElements / dim) {
      return Error(ErrorCode::kResourceLimit, "shape " + ToString(dims) + " has more than 2^40 elements");
    }
    if (dim > 0) count *= dim;
  }
  return empty ? 0 : count;
}

Tensor::Tensor(DType dtype, Dims dims) {
  Resize(dtype, dims);
  if (size_ > 0) std::memset(data_.get(), 0, bytes());
}

void Tensor::Reshape(Dims dims) {
  [[maybe_unused]] const auto count = ElementCount(dims);
  assert(count.ok() && count.value() == size_);
  dims_ = std::move(dims);
}

void Tensor::Resize(DType dtype, const Dims& dims) {
  const auto count = ElementCount(dims);
  assert(count.ok());
  const size_t needed = static_cast<size_t>(count.ok() ? count.value() : 0) * SizeOf(dtype);
  if (needed > capacity_bytes_ || data_.use_count() > 1) {
    data_.reset();
    data_ = needed > 0 ? AllocateAligned(needed) : nullptr;
    capacity_bytes_ = needed;
  }
  dtype_ = dtype;
  dims_ = dims;
  size_ = count.ok() ? count.value() : 0;
}

Tensor Tensor::Clone() const {
  Tensor copy;
  copy.Resize(dtype_, dims_);
  if (size_ > 0) std::memcpy(copy.data(), data(), bytes());
  return copy;
}

Tensor Tensor::Share() const {
  Tensor other;
  other.dtype_ = dtype_;
  other.dims_ = dims_;
  other.size_ = size_;
  other.capacity_bytes_ = capacity_bytes_;
  other.data_ = data_;
  return other;
}

void Tensor::Detach() {
  Tensor own = Clone();
  *this = std::move(own);
}

Tensor ToF32(const Tensor& tensor) {
  Tensor out;
  out.Resize(DType::kF32, tensor.dims());
  const auto to = out.As<float>();
  switch (tensor.dtype()) {
    case DType::kF32: std::ranges::copy(tensor.As<float>(), to.begin()); break;
    case DType::kF64: ConvertAll<double>(tensor, to); break;
    case DType::kI64: ConvertAll<int64_t>(tensor, to); break;
    case DType::kI32: ConvertAll<int32_t>(tensor, to); break;
    case DType::kI8: ConvertAll<int8_t>(tensor, to); break;
    case DType::kU8: ConvertAll<uint8_t>(tensor, to); break;
    case DType::kBool:
      for (size_t i = 0; i < to.size(); ++i) to[i] = tensor.data()[i] != 0 ? 1.0f : 0.0f;
      break;
    case DType::kF16: {
      const auto* halves = reinterpret_cast<const uint16_t*>(tensor.data());
      for (size_t i = 0; i < to.size(); ++i) to[i] = HalfToFloat(halves[i]);
      break;
    }
    case DType::kBf16: {
      const auto* halves = reinterpret_cast<const uint16_t*>(tensor.data());
      for (size_t i = 0; i < to.size(); ++i) {
        to[i] = std::bit_cast<float>(uint32_t{halves[i]} << 16);
      }
      break;
    }
  }
  return out;
}

Tensor ToF16(const Tensor& tensor) {
  const auto values = tensor.As<float>();
  Tensor out(DType::kF16, tensor.dims());
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t half = FloatToHalf(values[i]);
    std::memcpy(out.data() + i * sizeof(half), &half, sizeof(half));
  }
  return out;
}

}  // namespace lips
