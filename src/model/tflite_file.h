// What a TensorFlow Lite file states: tensors and operators, still in its own terms. Private to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/flat_buffer.h"
#include "tensor/tensor.h"

namespace lips {

// Numbers of the schema's enumerations, as far as they are used here.
// Source: TensorFlow, tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3.
enum class TfliteType : int8_t { kF32 = 0, kF16 = 1, kI32 = 2, kU8 = 3, kI64 = 4, kI8 = 9 };
enum class TfliteActivation : int8_t { kNone = 0, kRelu = 1, kReluN1To1 = 2, kRelu6 = 3 };
enum class TfliteOp : int32_t {
  kAdd = 0,
  kAveragePool = 1,
  kConcatenation = 2,
  kConv = 3,
  kDepthwiseConv = 4,
  kDequantize = 6,
  kLogistic = 14,
  kMaxPool = 17,
  kMul = 18,
  kRelu = 19,
  kReluN1To1 = 20,
  kRelu6 = 21,
  kReshape = 22,
  kResizeBilinear = 23,
  kCustom = 32,
  kPad = 34,
  kSub = 41,
  kPrelu = 54,
};

// "CONV_2D"; "operator 77" for those we do not know.
std::string NameOf(TfliteOp op);

struct TfliteTensor {
  std::string name;
  Dims dims;  // none negative, at most kMaxRank
  TfliteType type = TfliteType::kF32;
  std::span<const uint8_t> data;  // of the file; empty: made by an operator
  bool sparse = false;
};

struct TfliteOperator {
  TfliteOp op = TfliteOp::kAdd;
  std::string custom;           // name of a kCustom
  std::vector<int32_t> inputs;  // indices of tensors; -1 where omitted
  std::vector<int32_t> outputs;
  FlatTable options;
};

// Refers to the FlatBuffer it was read from and to its bytes.
struct TfliteFile {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  std::vector<int32_t> inputs, outputs;  // of the graph
};

// Indices of tensors are in range and dims sound; nothing else has been checked. Errors: kCorrupted, kUnsupported
// (schema version, several subgraphs), kResourceLimit.
Result<TfliteFile> ReadTfliteFile(const FlatBuffer& buffer, size_t bytes);

}  // namespace lips
