// The target of an HTTP request: its path in segments and its query, checked and decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lips {

struct HttpTarget {
  std::vector<std::string> segments;  // "/v1/avatars" -> {"v1", "avatars"}; "/" -> {}
  std::vector<std::pair<std::string, std::string>> query;

  std::string path() const;  // "/v1/avatars"
  // The first value of that name, or "".
  std::string_view Query(std::string_view name) const;
};

// Decodes percent signs once. What could mean another file than it seems to is refused rather than resolved: segments
// "." and "..", empty ones, separators and control characters in disguise. Errors: kInvalidInput saying what was found.
Result<HttpTarget> ParseTarget(std::string_view target);

// What avatars, sessions and samples may be called: [a-z0-9_-]{1,64}.
bool IsId(std::string_view text);

}  // namespace lips
