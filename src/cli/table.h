// Facts and rows as aligned text for people.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace lips::cli {

// "key   value" lines, nested objects indented, keys' underscores shown as spaces.
std::string FactTable(const Json& facts);

enum class TableStyle : uint8_t { kText, kMarkdown };

// Objects with the same keys as a table: a line of keys, a line per object, columns aligned, numbers to the right.
// Booleans are "yes" and "no", null is "-", an array or object is written as JSON. Empty for an empty array.
std::string RowTable(const Json::Array& rows, TableStyle style);

}  // namespace lips::cli
