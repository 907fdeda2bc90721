#include "engine/ort/tensor_value.h"

#include <onnxruntime_c_api.h>

#include <string>
#include <utility>

#include "engine/ort/handle.h"
#include "engine/ort/library.h"

namespace lips {
namespace {

ONNXTensorElementDataType ElementType(DType dtype) {
  switch (dtype) {
    case DType::kF32: return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case DType::kF64: return ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
    case DType::kF16: return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
    case DType::kBf16: return ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16;
    case DType::kI64: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    case DType::kI32: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case DType::kI8: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
    case DType::kU8: return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    case DType::kBool: return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

}  // namespace

Result<OrtTensorShape> ShapeOf(const OrtApi& api, const OrtValue& value) {
  OrtHandle<OrtTensorTypeAndShapeInfo> info(api.ReleaseTensorTypeAndShapeInfo);
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorTypeAndShape(&value, info.out())));
  size_t rank = 0;
  RETURN_IF_ERROR(TakeStatus(api, api.GetDimensionsCount(info.get(), &rank)));
  OrtTensorShape shape;
  shape.dims.resize(rank);
  RETURN_IF_ERROR(TakeStatus(api, api.GetDimensions(info.get(), shape.dims.data(), rank)));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorElementType(info.get(), &type)));
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    shape.dtype = static_cast<DType>(i);
    if (ElementType(shape.dtype) == type) return shape;
  }
  return Error(ErrorCode::kUnsupported, "element type " + std::to_string(static_cast<int>(type)) + " of an output");
}

Result<OrtValue*> WrapTensor(const OrtApi& api, const OrtMemoryInfo& where, DType dtype, const Dims& dims, void* data) {
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
  static uint8_t no_elements = 0;  // an empty tensor may have no memory, but the C API wants an address
  OrtValue* value = nullptr;
  RETURN_IF_ERROR(
      TakeStatus(api, api.CreateTensorWithDataAsOrtValue(&where, count > 0 ? data : &no_elements,
                                                         static_cast<size_t>(count) * SizeOf(dtype), dims.data(),
                                                         dims.size(), ElementType(dtype), &value)));
  return value;
}

}  // namespace lips
