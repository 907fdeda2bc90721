// Reductions over axes.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "engine/reference/operator.h"

namespace lips {
namespace {

enum class Reduction : uint8_t { kMean, kSum, kMax, kMin, kProd, kL1, kL2, kSumSquare };

// `axes` is an attribute, and an input since opset 13 for ReduceSum and since 18 for the others.
Result<std::vector<int64_t>> ReadAxes(const OperatorCall& call) {
  if (call.Optional(1) != nullptr) return call.Integers(1);
  return call.node().Ints("axes");
}

double Start(Reduction reduction) {
  switch (reduction) {
    case Reduction::kMax: return -std::numeric_limits<double>::infinity();
    case Reduction::kMin: return std::numeric_limits<double>::infinity();
    case Reduction::kProd: return 1;
    default: return 0;
  }
}

double Step(Reduction reduction, double so_far, double x) {
  switch (reduction) {
    case Reduction::kMax: return std::max(so_far, x);
    case Reduction::kMin: return std::min(so_far, x);
    case Reduction::kProd: return so_far * x;
    case Reduction::kL1: return so_far + std::abs(x);
    case Reduction::kL2:
    case Reduction::kSumSquare: return so_far + x * x;
    case Reduction::kMean:
    case Reduction::kSum: return so_far + x;
  }
  return so_far;
}

template <typename T>
std::vector<double> ReduceAll(const Tensor& in, const std::vector<bool>& reduced, int64_t results,
                              Reduction reduction) {
  std::vector<double> sums(static_cast<size_t>(results), Start(reduction));
  const Dims& dims = in.dims();
  std::vector<int64_t> strides(dims.size());  // in `sums`; 0 along reduced axes
  for (size_t axis = dims.size(), stride = 1; axis-- > 0;) {
    if (reduced[axis]) continue;
    strides[axis] = static_cast<int64_t>(stride);
    stride *= static_cast<size_t>(dims[axis]);
  }
  std::vector<int64_t> position(dims.size());
  int64_t at = 0;
  for (const T value : in.As<T>()) {
    double& sum = sums[static_cast<size_t>(at)];
    sum = Step(reduction, sum, static_cast<double>(value));
    for (size_t axis = dims.size(); axis-- > 0;) {
      at += strides[axis];
      if (++position[axis] < dims[axis]) break;
      at -= strides[axis] * dims[axis];
      position[axis] = 0;
    }
  }
  return sums;
}

template <Reduction kReduction>
Status Reduce(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  if (in->dtype() != DType::kF64 && in->dtype() != DType::kI64) {
    return Error(ErrorCode::kUnsupported, "element type " + std::string(Name(in->dtype())));
  }
  const Dims& dims = in->dims();
  ASSIGN_OR_RETURN(const std::vector<int64_t> axes, ReadAxes(call));
  std::vector<bool> reduced(dims.size(), axes.empty() && call.node().Int("noop_with_empty_axes", 0) == 0);
  for (const int64_t axis : axes) {
    ASSIGN_OR_RETURN(const size_t index, ResolveAxis(axis, dims.size()));
    reduced[index] = true;
  }
  const bool keep = call.node().Int("keepdims", 1) != 0;
  Dims out_dims;
  int64_t divisor = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (reduced[i]) divisor *= dims[i];
    if (!reduced[i] || keep) out_dims.push_back(reduced[i] ? 1 : dims[i]);
  }
  if (divisor == 0) return Error(ErrorCode::kCorrupted, "a reduction of no elements of " + ToString(dims));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in->dtype(), out_dims));
  RETURN_IF_ERROR(call.Spend(in->size()));
  std::vector<double> sums = in->dtype() == DType::kF64 ? ReduceAll<double>(*in, reduced, out->size(), kReduction)
                                                        : ReduceAll<int64_t>(*in, reduced, out->size(), kReduction);
  for (double& sum : sums) {
    if (kReduction == Reduction::kMean) sum /= static_cast<double>(divisor);
    if (kReduction == Reduction::kL2) sum = std::sqrt(sum);
  }
  if (in->dtype() == DType::kF64) {
    std::ranges::copy(sums, out->As<double>().begin());
    return {};
  }
  constexpr double kLimit = 0x1p53;  // beyond, double no longer holds every integer
  for (size_t i = 0; i < sums.size(); ++i) {
    if (!(std::abs(sums[i]) <= kLimit)) return Error(ErrorCode::kUnsupported, "an integer result beyond 2^53");
    out->As<int64_t>()[i] = static_cast<int64_t>(sums[i]);
  }
  return {};
}

constexpr std::array kOperators = {
    OperatorEntry{"ReduceMean", Reduce<Reduction::kMean>},
    OperatorEntry{"ReduceSum", Reduce<Reduction::kSum>},
    OperatorEntry{"ReduceMax", Reduce<Reduction::kMax>},
    OperatorEntry{"ReduceMin", Reduce<Reduction::kMin>},
    OperatorEntry{"ReduceProd", Reduce<Reduction::kProd>},
    OperatorEntry{"ReduceL1", Reduce<Reduction::kL1>},
    OperatorEntry{"ReduceL2", Reduce<Reduction::kL2>},
    OperatorEntry{"ReduceSumSquare", Reduce<Reduction::kSumSquare>},
};

}  // namespace

std::span<const OperatorEntry> ReduceOperators() { return kOperators; }

}  // namespace lips
