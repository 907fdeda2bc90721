// Tells a person how far a long job is.
#pragma once

#include <cstdint>
#include <string>

#include "base/stats.h"

namespace lips::cli {

// "1:05" or "1:02:03".
std::string ClockText(double seconds);

// A bar with rate and remaining time on a terminal (standard error), a plain line every few seconds when piped, nothing
// when quiet. One thread at a time.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress();  // leaves the terminal on a fresh line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Update(int64_t done, int64_t total);

 private:
  std::string what_;
  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  Stopwatch watch_;
  double last_shown_ms_ = 0;
};

}  // namespace lips::cli
