#include "model/onnx_tensor.h"

#include <onnx.pb.h>

#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "model/external_data.h"
#include "model/graph.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "ONNX stores tensors little-endian");

std::string OnnxTypeName(int data_type) {
  if (!onnx::TensorProto::DataType_IsValid(data_type)) return "type " + std::to_string(data_type);
  return "type " + onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(data_type));
}

// What a tensor will be once its data has been found to fit.
struct Plan {
  DType dtype;
  Dims dims;
  int64_t count;
};

Error WrongCount(std::string_view field, int64_t found, std::string_view unit, const Plan& plan, int64_t expected) {
  return Error(ErrorCode::kCorrupted, std::string(field) + " holds " + std::to_string(found) + " " + std::string(unit) +
                                          " but " + std::string(Name(plan.dtype)) + ToString(plan.dims) + " needs " +
                                          std::to_string(expected));
}

// Copies a typed field, narrowing each element into `T` (f16 travels as the bits of an int32).
template <typename T, typename Field>
Result<Tensor> FromField(const Field& field, std::string_view name, const Plan& plan) {
  if (field.size() != plan.count) return WrongCount(name, field.size(), "values", plan, plan.count);
  Tensor tensor(plan.dtype, plan.dims);
  for (int i = 0; i < field.size(); ++i) {
    const T value = static_cast<T>(field.Get(i));
    std::memcpy(tensor.data() + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
  }
  return tensor;
}

Result<Tensor> FromTypedFields(const onnx::TensorProto& proto, const Plan& plan) {
  switch (plan.dtype) {
    case DType::kF32: return FromField<float>(proto.float_data(), "float_data", plan);
    case DType::kF64: return FromField<double>(proto.double_data(), "double_data", plan);
    case DType::kI64: return FromField<int64_t>(proto.int64_data(), "int64_data", plan);
    case DType::kI32: return FromField<int32_t>(proto.int32_data(), "int32_data", plan);
    case DType::kF16:
    case DType::kBf16: return FromField<uint16_t>(proto.int32_data(), "int32_data", plan);
    case DType::kI8:
    case DType::kU8:
    case DType::kBool: return FromField<uint8_t>(proto.int32_data(), "int32_data", plan);
  }
  return Error(ErrorCode::kUnsupported, "unknown element type");
}

Result<Tensor> FromRaw(std::string_view raw, const Plan& plan) {
  const int64_t needed = plan.count * static_cast<int64_t>(SizeOf(plan.dtype));
  if (static_cast<int64_t>(raw.size()) != needed) {
    return WrongCount("raw_data", static_cast<int64_t>(raw.size()), "bytes", plan, needed);
  }
  Tensor tensor(plan.dtype, plan.dims);
  if (!raw.empty()) std::memcpy(tensor.data(), raw.data(), raw.size());
  return tensor;
}

Result<int64_t> ParseCount(const std::string& key, const std::string& text) {
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > (std::numeric_limits<int64_t>::max() - 9) / 10) {
      return Error(ErrorCode::kCorrupted, "external data " + key + " " + QuoteName(text) + " is not a byte count");
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

Result<Tensor> FromExternal(const onnx::TensorProto& proto, const Path& folder, const Plan& plan) {
  if (folder.empty()) {
    return Error(ErrorCode::kUnsupported, "its data is in another file, which a model read from memory cannot have");
  }
  const int64_t needed = plan.count * static_cast<int64_t>(SizeOf(plan.dtype));
  std::string location;
  int64_t offset = 0;
  int64_t length = needed;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") {
      ASSIGN_OR_RETURN(offset, ParseCount("offset", entry.value()));
    }
    if (entry.key() == "length") {
      ASSIGN_OR_RETURN(length, ParseCount("length", entry.value()));
    }
  }
  if (length != needed) return WrongCount("external data", length, "bytes", plan, needed);
  return ReadExternalTensor(folder, location, offset, plan.dtype, plan.dims);
}

}  // namespace

Result<DType> DTypeFromOnnx(int data_type) {
  switch (data_type) {
    case onnx::TensorProto::FLOAT: return DType::kF32;
    case onnx::TensorProto::DOUBLE: return DType::kF64;
    case onnx::TensorProto::FLOAT16: return DType::kF16;
    case onnx::TensorProto::BFLOAT16: return DType::kBf16;
    case onnx::TensorProto::INT64: return DType::kI64;
    case onnx::TensorProto::INT32: return DType::kI32;
    case onnx::TensorProto::INT8: return DType::kI8;
    case onnx::TensorProto::UINT8: return DType::kU8;
    case onnx::TensorProto::BOOL: return DType::kBool;
    default: break;
  }
  return Error(ErrorCode::kUnsupported, "elements of " + OnnxTypeName(data_type) + " are not supported");
}

int OnnxFromDType(DType dtype) {
  switch (dtype) {
    case DType::kF32: return onnx::TensorProto::FLOAT;
    case DType::kF64: return onnx::TensorProto::DOUBLE;
    case DType::kF16: return onnx::TensorProto::FLOAT16;
    case DType::kBf16: return onnx::TensorProto::BFLOAT16;
    case DType::kI64: return onnx::TensorProto::INT64;
    case DType::kI32: return onnx::TensorProto::INT32;
    case DType::kI8: return onnx::TensorProto::INT8;
    case DType::kU8: return onnx::TensorProto::UINT8;
    case DType::kBool: return onnx::TensorProto::BOOL;
  }
  return onnx::TensorProto::UNDEFINED;
}

Result<Tensor> TensorFromOnnx(const onnx::TensorProto& proto, const Path& folder) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.dtype, DTypeFromOnnx(proto.data_type()));
  if (proto.has_segment()) return Error(ErrorCode::kUnsupported, "tensors stored in segments are not supported");
  if (static_cast<size_t>(proto.dims_size()) > kMaxRank) {
    return Error(ErrorCode::kUnsupported, "it has " + std::to_string(proto.dims_size()) + " dimensions; at most " +
                                              std::to_string(kMaxRank) + " are supported");
  }
  plan.dims.assign(proto.dims().begin(), proto.dims().end());
  ASSIGN_OR_RETURN(plan.count, ElementCount(plan.dims));

  Result<Tensor> tensor = proto.data_location() == onnx::TensorProto::EXTERNAL ? FromExternal(proto, folder, plan)
                          : proto.has_raw_data()                               ? FromRaw(proto.raw_data(), plan)
                                                                               : FromTypedFields(proto, plan);
  if (tensor.ok() && plan.dtype == DType::kBool) {
    for (uint8_t& flag : std::span(tensor.value().data(), tensor.value().bytes())) flag = flag != 0 ? 1 : 0;
  }
  return tensor;
}

void FillOnnxTensor(const Tensor& tensor, onnx::TensorProto& proto) {
  for (const int64_t dim : tensor.dims()) proto.add_dims(dim);
  proto.set_data_type(OnnxFromDType(tensor.dtype()));
  proto.set_raw_data(tensor.data(), tensor.bytes());
}

}  // namespace lips
