// Runs the product as a user does: a process, its exit code, what it printed.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace lips::e2e {

struct Outcome {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct RunOptions {
  int interrupt_signal = 0;  // sent once standard error shows `interrupt_after`
  std::string interrupt_after;
  int64_t file_size_limit = -1;  // bytes; RLIMIT_FSIZE of the child, our stand-in for a full disk
};

// Runs `program` with `arguments` and waits, at most two minutes (then kills it and reports 137).
Outcome RunProgram(const Path& program, const std::vector<std::string>& arguments, const RunOptions& options = {});

// The lipstream binary under test.
Outcome Lipstream(const std::vector<std::string>& arguments, const RunOptions& options = {});

// The lipstream binary, or another one, in the background, its output read only when asked; ended with the object.
class BackgroundProgram {
 public:
  explicit BackgroundProgram(const std::vector<std::string>& arguments, const Path& program = {});
  BackgroundProgram(const BackgroundProgram&) = delete;
  BackgroundProgram& operator=(const BackgroundProgram&) = delete;
  ~BackgroundProgram();

  // Whether it prints `text`, on either stream, within a minute.
  bool Prints(const std::string& text);
  // Waits for its end, having sent `signal` unless 0; the exit code as Outcome's.
  int End(int signal = SIGTERM);
  int64_t process_id() const { return child_; }
  const std::string& printed() const { return printed_; }

 private:
  bool Read(int timeout_ms);
  int64_t child_ = -1;
  int out_ = -1;
  std::string printed_;
};

// Parses the file; a test failure and null when it is not there or no JSON.
Json ReadJson(const Path& path);

// A new empty folder, removed with everything in it at the end of its life.
class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  const Path& path() const { return path_; }
  Path operator/(const char* name) const { return path_ / name; }
  // Names in the folder, hidden ones included, sorted.
  std::vector<std::string> Names() const;

 private:
  Path path_;
};

}  // namespace lips::e2e
