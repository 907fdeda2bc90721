// The version of this build.
#pragma once

#include <string_view>

namespace lips {

// "0.1.0"
std::string_view Version();

}  // namespace lips
