#include "command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace lips::e2e {
namespace {

constexpr auto kLimit = std::chrono::minutes(2);

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) {
      read = ends[0];
      write = ends[1];
    }
  }
};

[[noreturn]] void Become(const Path& program, const std::vector<std::string>& arguments, const RunOptions& options,
                         int out, int err) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (options.file_size_limit >= 0) {
    const auto bytes = static_cast<rlim_t>(options.file_size_limit);
    const rlimit limit = {bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  ::_exit(127);
}

// Appends what is there; false at the end of the stream.
bool Drain(int fd, std::string& text) {
  char buffer[4096];
  const ssize_t n = ::read(fd, buffer, sizeof(buffer));
  if (n > 0) text.append(buffer, static_cast<size_t>(n));
  return n > 0;
}

}  // namespace

Outcome RunProgram(const Path& program, const std::vector<std::string>& arguments, const RunOptions& options) {
  const Pipe out;
  const Pipe err;
  const pid_t child = ::fork();
  if (child == 0) Become(program, arguments, options, out.write, err.write);
  ::close(out.write);
  ::close(err.write);

  Outcome outcome;
  bool interrupted = options.interrupt_signal == 0;
  pollfd fds[2] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(child, SIGKILL);
    ::poll(fds, 2, 100);
    if (fds[0].revents != 0 && !Drain(out.read, outcome.out)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !Drain(err.read, outcome.err)) fds[1].fd = -1;
    if (!interrupted && outcome.err.find(options.interrupt_after) != std::string::npos) {
      interrupted = true;
      ::kill(child, options.interrupt_signal);
    }
  }
  ::close(out.read);
  ::close(err.read);
  int status = 0;
  ::waitpid(child, &status, 0);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

Outcome Lipstream(const std::vector<std::string>& arguments, const RunOptions& options) {
  return RunProgram(LIPSTREAM_BINARY, arguments, options);
}

BackgroundProgram::BackgroundProgram(const std::vector<std::string>& arguments, const Path& program) {
  const Pipe pipe;
  child_ = ::fork();
  if (child_ == 0) Become(program.empty() ? Path(LIPSTREAM_BINARY) : program, arguments, {}, pipe.write, pipe.write);
  ::close(pipe.write);
  out_ = pipe.read;
}

BackgroundProgram::~BackgroundProgram() {
  if (child_ > 0) End();
  ::close(out_);
}

// False at the end of what it prints.
bool BackgroundProgram::Read(int timeout_ms) {
  pollfd fd = {out_, POLLIN, 0};
  return ::poll(&fd, 1, timeout_ms) <= 0 || Drain(out_, printed_);
}

bool BackgroundProgram::Prints(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (printed_.find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline && Read(100)) {
  }
  return printed_.find(text) != std::string::npos;
}

int BackgroundProgram::End(int signal) {
  if (child_ <= 0) return -1;
  const auto process = static_cast<pid_t>(std::exchange(child_, -1));
  if (signal != 0) ::kill(process, signal);
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (Read(100)) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(process, SIGKILL);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Json ReadJson(const Path& path) {
  const auto text = ReadTextFile(path);
  EXPECT_TRUE(text.ok()) << path;
  auto json = ParseJson(text.ok() ? text.value() : "null");
  EXPECT_TRUE(json.ok()) << path;
  return json.ok() ? std::move(json).value() : Json();
}

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "lipstream_e2e_XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> ScratchFolder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

}  // namespace lips::e2e
