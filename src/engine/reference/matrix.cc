// Gemm and MatMul. Summed in the order of the rows.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "engine/reference/broadcast.h"
#include "engine/reference/operator.h"
#include "engine/reference/parallel.h"

namespace lips {
namespace {

// Addresses element (row, column) of a matrix that may be transposed.
struct MatrixView {
  const double* data = nullptr;
  int64_t row_stride = 0;
  int64_t column_stride = 1;
  double At(int64_t row, int64_t column) const { return data[row * row_stride + column * column_stride]; }
};

// sums[n] = a[row, :] * b[:, n].
void MultiplyRow(const MatrixView& a, const MatrixView& b, int64_t row, int64_t depth, std::span<double> sums) {
  std::ranges::fill(sums, 0.0);
  for (int64_t k = 0; k < depth; ++k) {
    const double left = a.At(row, k);
    for (size_t n = 0; n < sums.size(); ++n) sums[n] += left * b.At(k, static_cast<int64_t>(n));
  }
}

// Errors: kResourceLimit. All three are sizes of existing tensors.
Status SpendProduct(OperatorCall& call, int64_t outputs, int64_t depth) {
  if (depth > 0 && outputs > std::numeric_limits<int64_t>::max() / depth) {
    return Error(ErrorCode::kResourceLimit, "a product of that size");
  }
  return call.Spend(outputs * depth);
}

Status Gemm(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* a, call.Floats(0));
  ASSIGN_OR_RETURN(const Tensor* b, call.Floats(1));
  const bool transpose_a = call.node().Int("transA", 0) != 0;
  const bool transpose_b = call.node().Int("transB", 0) != 0;
  const double alpha = call.node().Float("alpha", 1.0f);
  const double beta = call.node().Float("beta", 1.0f);
  if (a->dims().size() != 2 || b->dims().size() != 2 ||
      a->dims()[transpose_a ? 0 : 1] != b->dims()[transpose_b ? 1 : 0]) {
    return Error(ErrorCode::kCorrupted, "matrices " + ToString(a->dims()) + " and " + ToString(b->dims()));
  }
  const int64_t depth = a->dims()[transpose_a ? 0 : 1];
  const Dims dims = {a->dims()[transpose_a ? 1 : 0], b->dims()[transpose_b ? 0 : 1]};
  const MatrixView left = {a->As<double>().data(), transpose_a ? 1 : a->dims()[1], transpose_a ? a->dims()[1] : 1};
  const MatrixView right = {b->As<double>().data(), transpose_b ? 1 : b->dims()[1], transpose_b ? b->dims()[1] : 1};
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  RETURN_IF_ERROR(SpendProduct(call, out->size(), depth));

  std::vector<double> addend(static_cast<size_t>(out->size()));
  if (call.Optional(2) != nullptr) {
    ASSIGN_OR_RETURN(const Tensor* c, call.Floats(2));
    ASSIGN_OR_RETURN(const Dims shared, BroadcastDims(dims, c->dims()));
    if (shared != dims) return Error(ErrorCode::kCorrupted, "C " + ToString(c->dims()) + " for " + ToString(dims));
    const double* values = c->As<double>().data();
    ForEachBroadcast<1>(dims, {&c->dims()}, [&](int64_t i, const std::array<int64_t, 1>& at) {
      addend[static_cast<size_t>(i)] = beta * values[at[0]];
    });
  }
  double* to = out->As<double>().data();
  ParallelFor(call.threads(), dims[0], [&](int64_t row, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(dims[1]));
    for (; row < end; ++row) {
      MultiplyRow(left, right, row, depth, sums);
      for (int64_t n = 0; n < dims[1]; ++n) {
        const int64_t i = row * dims[1] + n;
        to[i] = alpha * sums[static_cast<size_t>(n)] + addend[static_cast<size_t>(i)];
      }
    }
  });
  return {};
}

// One-dimensional operands become a row or a column, whose axis the result then lacks.
Status MatMul(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* a, call.Floats(0));
  ASSIGN_OR_RETURN(const Tensor* b, call.Floats(1));
  Dims left = a->dims();
  Dims right = b->dims();
  if (left.empty() || right.empty()) return Error(ErrorCode::kCorrupted, "an operand is a scalar");
  const bool row = left.size() == 1;
  const bool column = right.size() == 1;
  if (row) left.insert(left.begin(), 1);
  if (column) right.push_back(1);
  const int64_t height = left[left.size() - 2];
  const int64_t depth = left.back();
  const int64_t width = right.back();
  if (depth != right[right.size() - 2]) {
    return Error(ErrorCode::kCorrupted, "matrices " + ToString(a->dims()) + " and " + ToString(b->dims()));
  }
  const Dims left_batch(left.begin(), left.end() - 2);
  const Dims right_batch(right.begin(), right.end() - 2);
  ASSIGN_OR_RETURN(const Dims batch, BroadcastDims(left_batch, right_batch));
  Dims dims = batch;
  if (!row) dims.push_back(height);
  if (!column) dims.push_back(width);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  RETURN_IF_ERROR(SpendProduct(call, out->size(), depth));

  std::vector<std::array<int64_t, 2>> matrices;  // of each batch entry: which of a's, which of b's
  if (out->size() > 0) {
    ForEachBroadcast<2>(batch, {&left_batch, &right_batch},
                        [&](int64_t, const std::array<int64_t, 2>& at) { matrices.push_back(at); });
  }
  double* to = out->As<double>().data();
  ParallelFor(call.threads(), static_cast<int64_t>(matrices.size()) * height, [&](int64_t task, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(width));
    for (; task < end; ++task) {
      const auto& [of_a, of_b] = matrices[static_cast<size_t>(task / height)];
      MultiplyRow({a->As<double>().data() + of_a * height * depth, depth, 1},
                  {b->As<double>().data() + of_b * depth * width, width, 1}, task % height, depth, sums);
      std::ranges::copy(sums, to + task * width);
    }
  });
  return {};
}

constexpr std::array kOperators = {OperatorEntry{"Gemm", Gemm}, OperatorEntry{"MatMul", MatMul}};

}  // namespace

std::span<const OperatorEntry> MatrixOperators() { return kOperators; }

}  // namespace lips
