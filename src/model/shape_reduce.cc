#include <algorithm>
#include <array>
#include <string>

#include "model/shape_rules.h"

namespace lips {
namespace {

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

Dims WithoutAxes(const Dims& input, const std::vector<size_t>& axes, bool keep) {
  Dims out;
  for (size_t i = 0; i < input.size(); ++i) {
    const bool reduced = std::ranges::find(axes, i) != axes.end();
    if (!reduced) out.push_back(input[i]);
    if (reduced && keep) out.push_back(1);
  }
  return out;
}

Result<std::vector<Dims>> Reduce(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const auto named, operands.IntsOrAttribute(1, "axes"));
  ASSIGN_OR_RETURN(auto axes, ResolveAxes(named, input.size()));
  const bool keep = operands.node.Int("keepdims", 1) != 0;
  if (axes.empty()) {
    if (operands.node.Int("noop_with_empty_axes", 0) != 0) return std::vector<Dims>{input};
    for (size_t i = 0; i < input.size(); ++i) axes.push_back(i);
  }
  return std::vector<Dims>{WithoutAxes(input, axes, keep)};
}

Result<std::vector<Dims>> ArgReduce(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), input.size()));
  return std::vector<Dims>{WithoutAxes(input, {axis}, operands.node.Int("keepdims", 1) != 0)};
}

// Source: ONNX Gemm-11/13: alpha * op(A) * op(B) + beta * C, C broadcast to the product.
Result<std::vector<Dims>> Gemm(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims a, operands.InputOfRank(0, 2, 2));
  ASSIGN_OR_RETURN(Dims b, operands.InputOfRank(1, 2, 2));
  if (operands.node.Int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (operands.node.Int("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) return Corrupted("a matrix " + ToString(a) + " cannot be multiplied by one of " + ToString(b));
  const Dims out = {a[0], b[1]};
  if (operands.Has(2)) {
    ASSIGN_OR_RETURN(const Dims reached, BroadcastDims(out, operands.dims[2]));
    if (reached != out) {
      return Corrupted("a bias of shape " + ToString(operands.dims[2]) + " does not fit a product " + ToString(out));
    }
  }
  return std::vector<Dims>{out};
}

// NumPy's matmul: vectors get a dimension that the result loses again, leading dimensions broadcast.
Result<std::vector<Dims>> MatMul(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims a, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(Dims b, operands.InputOfRank(1, 1));
  const bool a_is_vector = a.size() == 1;
  const bool b_is_vector = b.size() == 1;
  if (a_is_vector) a.insert(a.begin(), 1);
  if (b_is_vector) b.push_back(1);
  if (a.back() != b[b.size() - 2]) {
    return Corrupted("the shapes " + ToString(operands.dims[0]) + " and " + ToString(operands.dims[1]) +
                     " cannot be multiplied");
  }
  ASSIGN_OR_RETURN(Dims out, BroadcastDims(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2)));
  if (!a_is_vector) out.push_back(a[a.size() - 2]);
  if (!b_is_vector) out.push_back(b.back());
  return std::vector<Dims>{std::move(out)};
}

constexpr auto kReduce =
    std::to_array<std::string_view>({"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
                                     "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"});

}  // namespace

ShapeRule FindReduceRule(std::string_view op) {
  if (std::ranges::find(kReduce, op) != kReduce.end()) return Reduce;
  if (op == "ArgMax" || op == "ArgMin") return ArgReduce;
  if (op == "Gemm") return Gemm;
  if (op == "MatMul") return MatMul;
  return nullptr;
}

}  // namespace lips
