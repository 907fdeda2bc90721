// Tells a person how far a long job is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/stats.h"

namespace lips::cli {

// "1:05" or "1:02:03".
std::string ClockText(double seconds);

// A bar with rate and remaining time on a terminal (standard error), a plain line every few seconds when piped, nothing
// when quiet. One thread at a time.
class Progress {
 public:
  // `unit`: of what is counted; only frames have a rate.
  Progress(std::string what, bool quiet, std::string unit = "frames");
  ~Progress();  // leaves the terminal on a fresh line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Update(int64_t done, int64_t total);

 private:
  std::string what_;
  std::string unit_;
  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  Stopwatch watch_;
  bool complete_ = false;
  double last_shown_ms_ = 0;
};

// A Progress for each stage of a job, one after the other.
class StageProgress {
 public:
  explicit StageProgress(bool quiet) : quiet_(quiet) {}
  // For the job; not after this object's end.
  std::function<void(std::string_view what, int64_t done, int64_t total)> Callback() {
    return [this](std::string_view what, int64_t done, int64_t total) { Update(what, done, total); };
  }

 private:
  void Update(std::string_view what, int64_t done, int64_t total) {
    if (!progress_ || what != shown_) {
      progress_.reset();
      shown_ = what;
      progress_.emplace(shown_, quiet_);
    }
    progress_->Update(done, total);
  }

  bool quiet_;
  std::string shown_;
  std::optional<Progress> progress_;
};

}  // namespace lips::cli
