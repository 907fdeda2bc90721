#include "cli/table.h"

#include <algorithm>

namespace lips::cli {
namespace {

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (value.is_null()) return "-";
  return value.Dump(/*compact=*/true);
}

void Append(const Json& facts, size_t indent, std::string& out) {
  size_t width = 0;
  for (const auto& [key, value] : facts.members()) width = std::max(width, key.size());
  for (const auto& [key, value] : facts.members()) {
    std::string label = key;
    std::ranges::replace(label, '_', ' ');
    out.append(indent, ' ');
    out += label;
    if (value.is_object()) {
      out += '\n';
      Append(value, indent + 2, out);
      continue;
    }
    out.append(width + 2 - key.size(), ' ');
    out += ValueText(value) + '\n';
  }
}

}  // namespace

std::string FactTable(const Json& facts) {
  std::string out;
  Append(facts, 0, out);
  return out;
}

}  // namespace lips::cli
