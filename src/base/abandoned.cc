#include "base/abandoned.h"

#include <sys/types.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace lips {
namespace {

// Of a process that is gone: ".tmp.PID.…".
bool IsAbandoned(std::string_view name) {
  constexpr std::string_view kStart = ".tmp.";
  if (!name.starts_with(kStart)) return false;
  name.remove_prefix(kStart.size());
  pid_t process = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (failure != std::errc() || end == name.data() + name.size() || *end != '.' || process <= 0) return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

int RemoveAbandonedFiles(const Path& folder) {
  int removed = 0;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && IsAbandoned(entry->path().filename().string())) {
      removed += std::filesystem::remove(entry->path(), ignored) ? 1 : 0;
    }
  }
  return removed;
}

}  // namespace lips
