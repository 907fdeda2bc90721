// The operators of shape arithmetic on single numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace lips {

// `a op b`, or nothing when `op` is not one of them. Integers wrap as in two's complement, Div rounds towards zero and
// Mod takes the divisor's sign; comparisons and logic give 0 or 1. Errors: kCorrupted (an integer divided by zero).
Result<std::optional<int64_t>> ComputeTwo(std::string_view op, int64_t a, int64_t b);
Result<std::optional<double>> ComputeTwo(std::string_view op, double a, double b);

// `op x`, or nothing when `op` is not one of them.
std::optional<int64_t> ComputeOne(std::string_view op, int64_t x);
std::optional<double> ComputeOne(std::string_view op, double x);

// Two's-complement wrapping, as every engine does it, without C++'s undefined overflow.
inline int64_t WrapToInt64(uint64_t value) { return static_cast<int64_t>(value); }

}  // namespace lips
