# Writes OUTPUT, a source file that names the commit of SOURCE_DIR, if it would differ from what is there.
#   cmake -D SOURCE_DIR=... -D OUTPUT=... -P LipsCommit.cmake
set(commit "")
execute_process(COMMAND git -C "${SOURCE_DIR}" describe --always --abbrev=10 --dirty=+ --match=
  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(NOT failed)
  set(commit "${described}")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT [[
#include "bench/commit.h"

namespace lips {
std::string_view BuiltCommit() { return "@commit@"; }
}  // namespace lips
]] @ONLY)
