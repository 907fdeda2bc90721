// One measured number, what is asked of it, and whether it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace lips {

enum class Bound : uint8_t {
  kAtMost,
  kAtLeast,
  kWithin,  // the magnitude is at most the limit
};

struct Metric {
  std::string name;  // "seam"
  double value = 0;  // NaN: there was nothing to measure it by, and it is not judged
  std::string unit;  // "levels"; empty for plain numbers
  Bound bound = Bound::kAtMost;
  std::optional<double> limit = {};  // nothing: told, not judged
  std::string about = {};            // what it is, in one sentence
  int64_t worst_frame = -1;          // where it is worst; -1: nowhere in particular

  bool measured() const;
  bool ok() const;  // measured metrics hold their limit
};

bool AllOk(std::span<const Metric> metrics);

// Replaces limits by name. Errors: kInvalidInput for a name there is none of, listing those there are.
Status SetLimits(std::span<const std::pair<std::string, double>> limits, std::vector<Metric>& metrics);

// "0.82 levels", "-" where nothing was measured.
std::string ValueText(const Metric& metric);
// "at most 2 levels"; "" without a limit.
std::string LimitText(const Metric& metric);

// [{"name", "value", "unit", "limit", "ok", "worst_frame", "about"}]; absent facts are left out.
Json ToJson(std::span<const Metric> metrics);

}  // namespace lips
