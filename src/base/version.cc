#include "base/version.h"

namespace lips {

std::string_view Version() { return LIPSTREAM_VERSION; }  // set by CMake from project()

}  // namespace lips
