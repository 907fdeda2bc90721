// What an operator of the reference engine sees, and the table that finds its function.
//
// Semantics are those of the ONNX operator documents for opsets 11 to 17. Integers keep their type; every floating
// type is f64, so that what an operator is given and gives is right to far beyond f32.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/reference/session.h"
#include "model/graph.h"
#include "model/operands.h"

namespace lips {

// What is left of ReferenceLimits in one Run.
struct ReferenceBudget {
  int64_t live_elements = 0;
  int64_t operations = 0;
};

// One execution of one node. Inputs were made by earlier nodes or by the caller; outputs are empty until Make.
class OperatorCall {
 public:
  OperatorCall(const Node& node, int opset, int threads, std::span<const Tensor* const> inputs,
               std::span<Tensor> outputs, ReferenceBudget& budget)
      : node_(node), opset_(opset), threads_(threads), inputs_(inputs), outputs_(outputs), budget_(budget) {}

  const Node& node() const { return node_; }
  int opset() const { return opset_; }
  int threads() const { return threads_; }
  size_t input_count() const { return inputs_.size(); }
  size_t output_count() const { return outputs_.size(); }

  // nullptr when omitted.
  const Tensor* Optional(size_t index) const { return index < inputs_.size() ? inputs_[index] : nullptr; }
  // Errors: kCorrupted when omitted.
  Result<const Tensor*> Input(size_t index) const;
  // Errors: kCorrupted when omitted or of another type than f64.
  Result<const Tensor*> Floats(size_t index) const;
  // The elements of an i64 or i32 tensor. Errors: kCorrupted when omitted or of another type.
  Result<std::vector<int64_t>> Integers(size_t index) const;

  // Sizes an output; contents unspecified. Errors: kResourceLimit, kCorrupted (no such output).
  Result<Tensor*> Make(size_t index, DType dtype, const Dims& dims);
  // Declares work beyond writing the outputs once. Errors: kResourceLimit.
  Status Spend(int64_t operations);

 private:
  const Node& node_;
  int opset_;
  int threads_;
  std::span<const Tensor* const> inputs_;
  std::span<Tensor> outputs_;
  ReferenceBudget& budget_;
};

using OperatorFunction = Status (*)(OperatorCall&);

struct OperatorEntry {
  std::string_view op;
  OperatorFunction function;
};

// nullptr when the reference engine has no such operator.
OperatorFunction FindOperator(std::string_view op);

// The families, one file each.
std::span<const OperatorEntry> ConvolutionOperators();  // Conv, ConvTranspose
std::span<const OperatorEntry> PoolOperators();         // MaxPool, AveragePool, Global*
std::span<const OperatorEntry> MatrixOperators();       // Gemm, MatMul
std::span<const OperatorEntry> NormaliseOperators();    // BatchNormalization, Softmax, ...
std::span<const OperatorEntry> ReduceOperators();       // ReduceMean, ...
std::span<const OperatorEntry> UnaryOperators();        // Relu, Sigmoid, ...
std::span<const OperatorEntry> BinaryOperators();       // Add, Where, Equal, ...
std::span<const OperatorEntry> ShapeOperators();        // Reshape, Shape, Cast, Constant, ...
std::span<const OperatorEntry> MoveOperators();         // Transpose, Slice, Pad, Expand, Tile, ...
std::span<const OperatorEntry> JoinOperators();         // Concat, Split, Gather
std::span<const OperatorEntry> ResizeOperators();       // Resize, Upsample

bool IsFloating(DType dtype);        // of any width
Tensor ToF64(const Tensor& tensor);  // every element, converted; exactly but for i64

// The product of dims[begin, end); dims are those of an existing tensor.
int64_t Product(const Dims& dims, size_t begin, size_t end);

}  // namespace lips
