// Names out of model files, made fit for messages and reports.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lips {

// Valid UTF-8 of at most `most_bytes`: control characters and stray bytes become '?', a cut is marked by "...".
std::string PrintableName(std::string_view name, size_t most_bytes = 200);

// The same in single quotes and shorter, for messages of one sentence.
std::string QuoteName(std::string_view name);

}  // namespace lips
