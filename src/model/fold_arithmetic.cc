#include "model/fold_arithmetic.h"

#include <algorithm>
#include <cmath>

namespace lips {

Result<std::optional<int64_t>> ComputeTwo(std::string_view op, int64_t a, int64_t b) {
  const auto ua = static_cast<uint64_t>(a);
  const auto ub = static_cast<uint64_t>(b);
  if (op == "Add") return std::optional(WrapToInt64(ua + ub));
  if (op == "Sub") return std::optional(WrapToInt64(ua - ub));
  if (op == "Mul") return std::optional(WrapToInt64(ua * ub));
  if (op == "Min") return std::optional(std::min(a, b));
  if (op == "Max") return std::optional(std::max(a, b));
  if (op == "Equal") return std::optional<int64_t>(a == b);
  if (op == "Greater") return std::optional<int64_t>(a > b);
  if (op == "GreaterOrEqual") return std::optional<int64_t>(a >= b);
  if (op == "Less") return std::optional<int64_t>(a < b);
  if (op == "LessOrEqual") return std::optional<int64_t>(a <= b);
  if (op == "And") return std::optional<int64_t>(a != 0 && b != 0);
  if (op == "Or") return std::optional<int64_t>(a != 0 || b != 0);
  if (op == "Div" || op == "Mod") {
    if (b == 0) return Error(ErrorCode::kCorrupted, "it divides by zero");
    if (b == -1) return std::optional(op == "Div" ? WrapToInt64(0 - ua) : int64_t{0});
    if (op == "Div") return std::optional(a / b);  // towards zero
    const int64_t rest = a % b;
    return std::optional(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);  // the divisor's sign
  }
  return std::optional<int64_t>();
}

Result<std::optional<double>> ComputeTwo(std::string_view op, double a, double b) {
  if (op == "Add") return std::optional(a + b);
  if (op == "Sub") return std::optional(a - b);
  if (op == "Mul") return std::optional(a * b);
  if (op == "Div") return std::optional(a / b);
  if (op == "Min") return std::optional(std::min(a, b));
  if (op == "Max") return std::optional(std::max(a, b));
  return std::optional<double>();
}

std::optional<double> ComputeOne(std::string_view op, double x) {
  if (op == "Floor") return std::floor(x);
  if (op == "Ceil") return std::ceil(x);
  if (op == "Round") return std::nearbyint(x);  // half to even, the default rounding mode
  if (op == "Neg") return -x;
  if (op == "Abs") return std::fabs(x);
  if (op == "Sqrt") return std::sqrt(x);
  return std::nullopt;
}

std::optional<int64_t> ComputeOne(std::string_view op, int64_t x) {
  if (op == "Neg") return WrapToInt64(0 - static_cast<uint64_t>(x));
  if (op == "Abs") return x < 0 ? WrapToInt64(0 - static_cast<uint64_t>(x)) : x;
  if (op == "Not") return x == 0 ? 1 : 0;
  return std::nullopt;
}

}  // namespace lips
