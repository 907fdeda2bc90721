// The machine line of every benchmark: what the numbers were measured on, with and when.
#pragma once

#include <string>

#include "base/json.h"

namespace lips {

// {"cpu", "isa", "isa_used", "cores", "threads", "memory_bytes", "compiler", "flags", "version", "commit", "date"}.
//
// "isa" lists the instruction sets that matter here and this CPU has; "isa_used" is the level the kernels run on (see
// LIPSTREAM_ISA); "threads" is `threads`, the most a row used; "commit" is what was built, "+" behind it when the
// source differed from it, and empty outside a repository; "date" is UTC.
Json MachineFacts(int threads);

// The same as one line for people.
std::string MachineLine(const Json& facts);

}  // namespace lips
