// Template bodies of tensor.h; include that instead.
#pragma once

#include <algorithm>
#include <cassert>

#include "tensor/tensor.h"

namespace lips {

template <typename T>
std::span<T> Tensor::As() {
  assert(DTypeOf<T>::kValue == dtype_);
  return {reinterpret_cast<T*>(data()), static_cast<size_t>(size_)};
}

template <typename T>
std::span<const T> Tensor::As() const {
  assert(DTypeOf<T>::kValue == dtype_);
  return {reinterpret_cast<const T*>(data()), static_cast<size_t>(size_)};
}

template <typename T>
Tensor Tensor::Of(Dims dims, std::span<const T> values) {
  Tensor tensor(DTypeOf<T>::kValue, std::move(dims));
  assert(static_cast<size_t>(tensor.size()) == values.size());
  std::ranges::copy(values, tensor.As<T>().begin());
  return tensor;
}

}  // namespace lips
