// Tensors as ONNX Runtime holds them.
#pragma once

#include "base/result.h"
#include "tensor/tensor.h"

struct OrtApi;
struct OrtMemoryInfo;
struct OrtValue;

namespace lips {

struct OrtTensorShape {
  DType dtype = DType::kF32;
  Dims dims;
};

// Of a tensor. Errors: kUnsupported (an element type we lack).
Result<OrtTensorShape> ShapeOf(const OrtApi& api, const OrtValue& value);

// A tensor over `data`, memory that `where` names; `data` may be null if `dims` hold no element.
Result<OrtValue*> WrapTensor(const OrtApi& api, const OrtMemoryInfo& where, DType dtype, const Dims& dims, void* data);

}  // namespace lips
