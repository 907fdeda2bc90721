// Functions of two or more elements, with broadcasting. Integers wrap around; dividing them by zero is an error.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <type_traits>

#include "engine/reference/broadcast.h"
#include "engine/reference/operator.h"

namespace lips {
namespace {

// out[i] = function(a[...], b[...]); T is the operands' type, R the result's (uint8_t for bool).
template <typename T, typename R, typename Function>
void Combine(const Tensor& a, const Tensor& b, Tensor& out, Function function) {
  const T* left = reinterpret_cast<const T*>(a.data());
  const T* right = reinterpret_cast<const T*>(b.data());
  R* to = reinterpret_cast<R*>(out.data());
  if (a.dims() == b.dims()) {
    for (int64_t i = 0; i < out.size(); ++i) to[i] = static_cast<R>(function(left[i], right[i]));
    return;
  }
  ForEachBroadcast<2>(out.dims(), {&a.dims(), &b.dims()}, [&](int64_t i, const std::array<int64_t, 2>& at) {
    to[i] = static_cast<R>(function(left[at[0]], right[at[1]]));
  });
}

Result<DType> CommonType(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return a.dtype();
  return Error(ErrorCode::kCorrupted,
               "operands are " + std::string(Name(a.dtype())) + " and " + std::string(Name(b.dtype())));
}

Error NoSuchType(DType dtype) { return {ErrorCode::kUnsupported, "element type " + std::string(Name(dtype))}; }

// Integers in unsigned arithmetic, where overflow is defined; floats as they are.
template <typename T, typename Function>
T Wrapping(T a, T b, Function function) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(function(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
  } else {
    return function(a, b);
  }
}

struct AddOf {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, std::plus<>());
  }
};
struct SubOf {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, std::minus<>());
  }
};
struct MulOf {
  template <typename T>
  T operator()(T a, T b) const {
    return Wrapping(a, b, std::multiplies<>());
  }
};
struct DivOf {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      return b == -1 ? SubOf()(T{0}, a) : static_cast<T>(a / b);  // the most negative number has no opposite
    } else {
      return a / b;
    }
  }
};
struct MinOf {
  template <typename T>
  T operator()(T a, T b) const {
    return b < a || b != b ? b : a;  // NaN wins
  }
};
struct MaxOf {
  template <typename T>
  T operator()(T a, T b) const {
    return b > a || b != b ? b : a;
  }
};

template <typename Function>
Status Arithmetic(const Tensor& a, const Tensor& b, Tensor& out) {
  switch (a.dtype()) {
    case DType::kF64: Combine<double, double>(a, b, out, Function()); return {};
    case DType::kI64: Combine<int64_t, int64_t>(a, b, out, Function()); return {};
    case DType::kI32: Combine<int32_t, int32_t>(a, b, out, Function()); return {};
    default: return NoSuchType(a.dtype());
  }
}

template <typename Function>
Status Arithmetic(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* a, call.Input(0));
  ASSIGN_OR_RETURN(const Tensor* b, call.Input(1));
  ASSIGN_OR_RETURN(const DType dtype, CommonType(*a, *b));
  ASSIGN_OR_RETURN(const Dims dims, BroadcastDims(a->dims(), b->dims()));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, dtype, dims));
  return Arithmetic<Function>(*a, *b, *out);
}

template <typename T>
bool HoldsZero(const Tensor& tensor) {
  return std::ranges::find(tensor.As<T>(), T{0}) != tensor.As<T>().end();
}

Status Div(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* divisor, call.Input(1));
  if ((divisor->dtype() == DType::kI64 && HoldsZero<int64_t>(*divisor)) ||
      (divisor->dtype() == DType::kI32 && HoldsZero<int32_t>(*divisor))) {
    return Error(ErrorCode::kCorrupted, "an integer is divided by zero");
  }
  return Arithmetic<DivOf>(call);
}

Status Pow(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* base, call.Floats(0));
  ASSIGN_OR_RETURN(const Tensor* given, call.Input(1));
  const Tensor converted = given->dtype() == DType::kF64 ? Tensor() : ToF64(*given);
  const Tensor& exponent = given->dtype() == DType::kF64 ? *given : converted;
  ASSIGN_OR_RETURN(const Dims dims, BroadcastDims(base->dims(), exponent.dims()));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  Combine<double, double>(*base, exponent, *out, [](double x, double y) { return std::pow(x, y); });
  return {};
}

// Min and Max take any number of operands: folded from the left.
template <typename Function>
Status Fold(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* first, call.Input(0));
  Dims dims = first->dims();
  for (size_t i = 1; i < call.input_count(); ++i) {
    ASSIGN_OR_RETURN(const Tensor* operand, call.Input(i));
    RETURN_IF_ERROR(CommonType(*first, *operand));
    ASSIGN_OR_RETURN(dims, BroadcastDims(dims, operand->dims()));
  }
  Tensor so_far = first->Clone();
  for (size_t i = 1; i < call.input_count(); ++i) {
    ASSIGN_OR_RETURN(const Dims partial, BroadcastDims(so_far.dims(), call.Optional(i)->dims()));
    Tensor next;
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(partial));
    RETURN_IF_ERROR(call.Spend(count));
    next.Resize(first->dtype(), partial);
    RETURN_IF_ERROR(Arithmetic<Function>(so_far, *call.Optional(i), next));
    so_far = std::move(next);
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, first->dtype(), dims));
  *out = std::move(so_far);
  return {};
}

template <typename Function>
Status Compare(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* a, call.Input(0));
  ASSIGN_OR_RETURN(const Tensor* b, call.Input(1));
  ASSIGN_OR_RETURN(const DType dtype, CommonType(*a, *b));
  ASSIGN_OR_RETURN(const Dims dims, BroadcastDims(a->dims(), b->dims()));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kBool, dims));
  switch (dtype) {
    case DType::kF64: Combine<double, uint8_t>(*a, *b, *out, Function()); return {};
    case DType::kI64: Combine<int64_t, uint8_t>(*a, *b, *out, Function()); return {};
    case DType::kI32: Combine<int32_t, uint8_t>(*a, *b, *out, Function()); return {};
    case DType::kBool: Combine<uint8_t, uint8_t>(*a, *b, *out, Function()); return {};
    default: return NoSuchType(dtype);
  }
}

template <typename Function>
Status Logical(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* a, call.Input(0));
  if (a->dtype() != DType::kBool) return NoSuchType(a->dtype());
  return Compare<Function>(call);
}

// The slope may be given per channel; it broadcasts in one direction only.
Status PRelu(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* x, call.Floats(0));
  ASSIGN_OR_RETURN(const Tensor* slope, call.Floats(1));
  ASSIGN_OR_RETURN(const Dims dims, BroadcastDims(x->dims(), slope->dims()));
  if (dims != x->dims()) {
    return Error(ErrorCode::kCorrupted, "slope " + ToString(slope->dims()) + " for " + ToString(x->dims()));
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  Combine<double, double>(*x, *slope, *out, [](double v, double s) { return v < 0 ? v * s : v; });
  return {};
}

template <typename T>
void Select(const Tensor& condition, const Tensor& yes, const Tensor& no, Tensor& out) {
  const T* from_yes = reinterpret_cast<const T*>(yes.data());
  const T* from_no = reinterpret_cast<const T*>(no.data());
  T* to = reinterpret_cast<T*>(out.data());
  ForEachBroadcast<3>(out.dims(), {&condition.dims(), &yes.dims(), &no.dims()},
                      [&](int64_t i, const std::array<int64_t, 3>& at) {
                        to[i] = condition.data()[at[0]] != 0 ? from_yes[at[1]] : from_no[at[2]];
                      });
}

Status Where(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* condition, call.Input(0));
  ASSIGN_OR_RETURN(const Tensor* yes, call.Input(1));
  ASSIGN_OR_RETURN(const Tensor* no, call.Input(2));
  if (condition->dtype() != DType::kBool) return Error(ErrorCode::kCorrupted, "the condition is not bool");
  ASSIGN_OR_RETURN(const DType dtype, CommonType(*yes, *no));
  ASSIGN_OR_RETURN(Dims dims, BroadcastDims(condition->dims(), yes->dims()));
  ASSIGN_OR_RETURN(dims, BroadcastDims(dims, no->dims()));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, dtype, dims));
  switch (SizeOf(dtype)) {
    case 1: Select<uint8_t>(*condition, *yes, *no, *out); return {};
    case 4: Select<uint32_t>(*condition, *yes, *no, *out); return {};
    case 8: Select<uint64_t>(*condition, *yes, *no, *out); return {};
    default: return NoSuchType(dtype);
  }
}

constexpr std::array kOperators = {
    OperatorEntry{"Add", Arithmetic<AddOf>},
    OperatorEntry{"Sub", Arithmetic<SubOf>},
    OperatorEntry{"Mul", Arithmetic<MulOf>},
    OperatorEntry{"Div", Div},
    OperatorEntry{"Pow", Pow},
    OperatorEntry{"Min", Fold<MinOf>},
    OperatorEntry{"Max", Fold<MaxOf>},
    OperatorEntry{"Sum", Fold<AddOf>},
    OperatorEntry{"PRelu", PRelu},
    OperatorEntry{"Equal", Compare<std::equal_to<>>},
    OperatorEntry{"Less", Compare<std::less<>>},
    OperatorEntry{"LessOrEqual", Compare<std::less_equal<>>},
    OperatorEntry{"Greater", Compare<std::greater<>>},
    OperatorEntry{"GreaterOrEqual", Compare<std::greater_equal<>>},
    OperatorEntry{"And", Logical<std::logical_and<>>},
    OperatorEntry{"Or", Logical<std::logical_or<>>},
    OperatorEntry{"Where", Where},
};

}  // namespace

std::span<const OperatorEntry> BinaryOperators() { return kOperators; }

}  // namespace lips
