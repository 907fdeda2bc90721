// Which commit this build was made from.
#pragma once

#include <string_view>

namespace lips {

// "1a2b3c4d5e", with "+" behind it when tracked files differed; empty when built outside a repository. Written anew by
// every build (cmake/LipsCommit.cmake).
std::string_view BuiltCommit();

}  // namespace lips
