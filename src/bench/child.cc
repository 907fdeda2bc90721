#include "bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "base/stats.h"

extern char** environ;  // NOLINT: POSIX

namespace lips {
namespace {

Error Failure(const Path& program, const std::string& what) {
  return {ErrorCode::kIo, "cannot run '" + program.string() + "': " + what};
}

Error SystemFailure(const Path& program, int number) {
  return Failure(program, std::generic_category().message(number));
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, without the variables that `added` sets, and those.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const std::string& other : added) {
      replaced = replaced || text.substr(0, text.find('=')) == std::string_view(other).substr(0, other.find('='));
    }
    if (!replaced) all.emplace_back(text);
  }
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

// Reads to the end; true unless reading failed.
bool ReadAll(int fd, const Stopwatch& watch, ChildRun& run) {
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    run.out.append(buffer, static_cast<size_t>(n));
    if (run.first_line_ms == 0 && run.out.find('\n') != std::string::npos) run.first_line_ms = watch.ElapsedMs();
  }
}

}  // namespace

Result<ChildRun> RunChild(const Path& program, const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return SystemFailure(program, errno);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = Environment(environment);
  ChildRun run;
  pid_t child = -1;
  const Stopwatch watch;
  const int failed =
      ::posix_spawn(&child, program.c_str(), &actions, nullptr, Pointers(words).data(), Pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  const bool read = failed == 0 && ReadAll(ends[0], watch, run);
  ::close(ends[0]);
  if (failed != 0) return SystemFailure(program, failed);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.wall_ms = watch.ElapsedMs();
  if (WIFSIGNALED(status)) return Failure(program, "it was ended by signal " + std::to_string(WTERMSIG(status)));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Failure(program, "it failed with status " + std::to_string(WEXITSTATUS(status)));
  }
  if (!read || run.first_line_ms == 0) return Failure(program, "it printed nothing");
  return run;
}

}  // namespace lips
