// Functions of one element.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/reference/operator.h"

namespace lips {
namespace {

template <typename Function>
Status Map(OperatorCall& call, Function function) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Floats(0));
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, in->dims()));
  std::ranges::transform(in->As<double>(), out->As<double>().begin(), [&](double x) { return function(x); });
  return {};
}

template <double (*kFunction)(double)>
Status MapWith(OperatorCall& call) {
  return Map(call, kFunction);
}

double Relu(double x) { return x < 0 ? 0 : x; }  // NaN stays NaN
double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double HardSwish(double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }
double Softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double Softsign(double x) { return x / (1 + std::abs(x)); }
double Reciprocal(double x) { return 1 / x; }
double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double RoundToEven(double x) { return std::nearbyint(x); }
double Exp(double x) { return std::exp(x); }
double Log(double x) { return std::log(x); }
double Sqrt(double x) { return std::sqrt(x); }
double Tanh(double x) { return std::tanh(x); }
double Erf(double x) { return std::erf(x); }
double Sin(double x) { return std::sin(x); }
double Cos(double x) { return std::cos(x); }
double Floor(double x) { return std::floor(x); }
double Ceil(double x) { return std::ceil(x); }

Status LeakyRelu(OperatorCall& call) {
  const double alpha = call.node().Float("alpha", 0.01f);
  return Map(call, [=](double x) { return x < 0 ? alpha * x : x; });
}

Status Elu(OperatorCall& call) {
  const double alpha = call.node().Float("alpha", 1.0f);
  return Map(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

Status HardSigmoid(OperatorCall& call) {
  const double alpha = call.node().Float("alpha", 0.2f);
  const double beta = call.node().Float("beta", 0.5f);
  return Map(call, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}

Result<double> Bound(const OperatorCall& call, size_t index, double otherwise) {
  if (call.Optional(index) == nullptr) return otherwise;
  ASSIGN_OR_RETURN(const Tensor* bound, call.Floats(index));
  if (bound->size() != 1) return Error(ErrorCode::kCorrupted, "bound " + ToString(bound->dims()) + " is no scalar");
  return bound->As<double>()[0];
}

Status ClipIntegers(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  for (size_t i : {size_t{1}, size_t{2}}) {
    if (call.Optional(i) == nullptr) continue;
    ASSIGN_OR_RETURN(const std::vector<int64_t> bound, call.Integers(i));
    if (bound.size() != 1) return Error(ErrorCode::kCorrupted, "a bound is no scalar");
    (i == 1 ? low : high) = bound[0];
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kI64, in->dims()));
  std::ranges::transform(in->As<int64_t>(), out->As<int64_t>().begin(),
                         [&](int64_t x) { return std::min(std::max(x, low), high); });
  return {};
}

Status Clip(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  if (in->dtype() == DType::kI64) return ClipIntegers(call);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ASSIGN_OR_RETURN(const double low, Bound(call, 1, -kInfinity));
  ASSIGN_OR_RETURN(const double high, Bound(call, 2, kInfinity));
  // The upper bound wins where they cross, and NaN stays NaN: neither std::clamp nor fmin would do.
  return Map(call, [=](double x) {
    const double raised = x < low ? low : x;
    return raised > high ? high : raised;
  });
}

template <typename T>
void Transform(const Tensor& in, Tensor& out, bool absolute) {
  // In unsigned arithmetic: the most negative number has no opposite.
  using Unsigned = std::make_unsigned_t<T>;
  std::ranges::transform(in.As<T>(), out.As<T>().begin(), [&](T x) {
    return absolute && x >= 0 ? x : static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x));
  });
}

Status Negate(OperatorCall& call, bool absolute) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  if (in->dtype() == DType::kF64) return Map(call, [=](double x) { return absolute ? std::abs(x) : -x; });
  if (in->dtype() != DType::kI64 && in->dtype() != DType::kI32) {
    return Error(ErrorCode::kUnsupported, "element type " + std::string(Name(in->dtype())));
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in->dtype(), in->dims()));
  if (in->dtype() == DType::kI64) {
    Transform<int64_t>(*in, *out, absolute);
  } else {
    Transform<int32_t>(*in, *out, absolute);
  }
  return {};
}

Status Not(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  if (in->dtype() != DType::kBool) return Error(ErrorCode::kCorrupted, "operand is not bool");
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kBool, in->dims()));
  std::transform(in->data(), in->data() + in->size(), out->data(),
                 [](uint8_t x) { return x == 0 ? uint8_t{1} : uint8_t{0}; });
  return {};
}

constexpr std::array kOperators = {
    OperatorEntry{"Relu", MapWith<Relu>},
    OperatorEntry{"LeakyRelu", LeakyRelu},
    OperatorEntry{"Elu", Elu},
    OperatorEntry{"Sigmoid", MapWith<Sigmoid>},
    OperatorEntry{"HardSigmoid", HardSigmoid},
    OperatorEntry{"HardSwish", MapWith<HardSwish>},
    OperatorEntry{"Softplus", MapWith<Softplus>},
    OperatorEntry{"Softsign", MapWith<Softsign>},
    OperatorEntry{"Tanh", MapWith<Tanh>},
    OperatorEntry{"Erf", MapWith<Erf>},
    OperatorEntry{"Exp", MapWith<Exp>},
    OperatorEntry{"Log", MapWith<Log>},
    OperatorEntry{"Sqrt", MapWith<Sqrt>},
    OperatorEntry{"Sin", MapWith<Sin>},
    OperatorEntry{"Cos", MapWith<Cos>},
    OperatorEntry{"Floor", MapWith<Floor>},
    OperatorEntry{"Ceil", MapWith<Ceil>},
    OperatorEntry{"Round", MapWith<RoundToEven>},
    OperatorEntry{"Sign", MapWith<Sign>},
    OperatorEntry{"Reciprocal", MapWith<Reciprocal>},
    OperatorEntry{"Clip", Clip},
    OperatorEntry{"Neg", [](OperatorCall& call) { return Negate(call, false); }},
    OperatorEntry{"Abs", [](OperatorCall& call) { return Negate(call, true); }},
    OperatorEntry{"Not", Not},
};

}  // namespace

std::span<const OperatorEntry> UnaryOperators() { return kOperators; }

}  // namespace lips
