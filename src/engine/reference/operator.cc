#include "engine/reference/operator.h"

#include <algorithm>
#include <array>
#include <map>

namespace lips {

Result<const Tensor*> OperatorCall::Input(size_t index) const {
  const Tensor* tensor = Optional(index);
  if (tensor == nullptr) return Error(ErrorCode::kCorrupted, "input " + std::to_string(index) + " is missing");
  return tensor;
}

Result<const Tensor*> OperatorCall::Floats(size_t index) const {
  ASSIGN_OR_RETURN(const Tensor* tensor, Input(index));
  if (tensor->dtype() != DType::kF64) {
    return Error(ErrorCode::kCorrupted,
                 "input " + std::to_string(index) + " is " + std::string(Name(tensor->dtype())) + ", expected f64");
  }
  return tensor;
}

Result<std::vector<int64_t>> OperatorCall::Integers(size_t index) const {
  ASSIGN_OR_RETURN(const Tensor* tensor, Input(index));
  if (tensor->dtype() == DType::kI64) {
    const auto values = tensor->As<int64_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  if (tensor->dtype() == DType::kI32) {
    const auto values = tensor->As<int32_t>();
    return std::vector<int64_t>(values.begin(), values.end());
  }
  return Error(ErrorCode::kCorrupted, "input " + std::to_string(index) + " is " + std::string(Name(tensor->dtype())) +
                                          ", expected i64 or i32");
}

Result<Tensor*> OperatorCall::Make(size_t index, DType dtype, const Dims& dims) {
  if (index >= outputs_.size()) {
    return Error(ErrorCode::kCorrupted, "output " + std::to_string(index) + " is missing");
  }
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
  if (count > budget_.live_elements) {
    return Error(ErrorCode::kResourceLimit, "output " + ToString(dims) + " does not fit in the " +
                                                std::to_string(budget_.live_elements) + " elements left for a run");
  }
  RETURN_IF_ERROR(Spend(count));
  budget_.live_elements -= count;
  outputs_[index].Resize(dtype, dims);
  return &outputs_[index];
}

Status OperatorCall::Spend(int64_t operations) {
  if (operations > budget_.operations) {
    return Error(ErrorCode::kResourceLimit, "it takes " + std::to_string(operations) + " operations, more than the " +
                                                std::to_string(budget_.operations) + " left for a run");
  }
  budget_.operations -= operations;
  return {};
}

OperatorFunction FindOperator(std::string_view op) {
  static const auto* const kTable = [] {
    auto* table = new std::map<std::string_view, OperatorFunction>;
    for (const auto& family :
         {ConvolutionOperators(), PoolOperators(), MatrixOperators(), NormaliseOperators(), ReduceOperators(),
          UnaryOperators(), BinaryOperators(), ShapeOperators(), MoveOperators(), JoinOperators(), ResizeOperators()}) {
      for (const OperatorEntry& entry : family) table->emplace(entry.op, entry.function);
    }
    return table;
  }();
  const auto found = kTable->find(op);
  return found == kTable->end() ? nullptr : found->second;
}

bool IsFloating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBf16;
}

Tensor ToF64(const Tensor& tensor) {
  Tensor out(DType::kF64, tensor.dims());
  const auto convert = [&](auto values) { std::ranges::copy(values, out.As<double>().begin()); };
  switch (tensor.dtype()) {
    case DType::kF64: convert(tensor.As<double>()); break;
    case DType::kI64: convert(tensor.As<int64_t>()); break;
    case DType::kI32: convert(tensor.As<int32_t>()); break;
    case DType::kF32: convert(tensor.As<float>()); break;
    default: {
      const Tensor floats = ToF32(tensor);
      convert(floats.As<float>());
    }
  }
  return out;
}

int64_t Product(const Dims& dims, size_t begin, size_t end) {
  int64_t product = 1;
  for (size_t i = begin; i < end; ++i) product *= dims[i];
  return product;
}

}  // namespace lips
