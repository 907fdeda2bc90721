// Facts as aligned text for people.
#pragma once

#include <string>

#include "base/json.h"

namespace lips::cli {

// "key   value" lines, nested objects indented, keys' underscores shown as spaces.
std::string FactTable(const Json& facts);

}  // namespace lips::cli
