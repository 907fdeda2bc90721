// Runs a program and takes its time: what only a fresh process can show, such as a start or another instruction set.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

struct ChildRun {
  double first_line_ms = 0;  // from its start until it had printed a whole line
  double wall_ms = 0;        // ... until it had ended
  std::string out;
};

// Runs `program` with `arguments`, and `environment` ("NAME=value") on top of ours, and waits for its end; what it
// prints on standard error goes where ours goes. Errors: kIo when it cannot be run, ends with another status than 0, or
// prints no line.
Result<ChildRun> RunChild(const Path& program, const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {});

inline constexpr const char* kThisProgram = "/proc/self/exe";

}  // namespace lips
