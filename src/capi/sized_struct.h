// Structs that begin with their own size: read and written so that programs and libraries of different age understand
// each other.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/result.h"

namespace lips::capi {

inline constexpr size_t kMaxStructBytes = 4096;

template <typename T>
Status CheckSize(size_t size, const char* name) {
  if (size >= sizeof(size_t) && size <= kMaxStructBytes) return {};
  return Error(ErrorCode::kInvalidInput,
               std::string(name) + "'s struct_size is " + std::to_string(size) +
                   "; expected sizeof, as lips_..._init sets it: " + std::to_string(sizeof(T)));
}

// The caller's struct over `defaults`. A shorter one leaves the rest as it is; a longer one is fine while what we do
// not know is zero. Errors: kInvalidInput (no plausible size), kUnsupported (a field of a later library is set).
template <typename T>
Result<T> ReadStruct(const T* given, const T& defaults, const char* name) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (given == nullptr) return defaults;
  RETURN_IF_ERROR(CheckSize<T>(given->struct_size, name));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  const bool later = std::any_of(bytes + std::min(sizeof(T), given->struct_size), bytes + given->struct_size,
                                 [](unsigned char byte) { return byte != 0; });
  if (later) {
    return Error(ErrorCode::kUnsupported,
                 std::string(name) + " sets a field that this version of the library does not know");
  }
  T value = defaults;
  std::memcpy(&value, given, std::min(sizeof(T), given->struct_size));
  value.struct_size = sizeof(T);
  return value;
}

// `value` into as much of the caller's struct as there is; NULL is fine.
template <typename T>
Status WriteStruct(const T& value, T* out, const char* name) {
  if (out == nullptr) return {};
  const size_t size = out->struct_size;
  RETURN_IF_ERROR(CheckSize<T>(size, name));
  std::memset(out, 0, size);
  std::memcpy(out, &value, std::min(sizeof(T), size));
  out->struct_size = size;
  return {};
}

// Zeroes the caller's struct and says its size; `defaults` into what there is of it.
template <typename T>
void InitStruct(const T& defaults, T* out, size_t size) {
  if (out == nullptr || size < sizeof(size_t) || size > kMaxStructBytes) return;
  std::memset(out, 0, size);
  std::memcpy(out, &defaults, std::min(sizeof(T), size));
  out->struct_size = size;
}

}  // namespace lips::capi
