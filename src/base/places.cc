#include "base/places.h"

#include <cstdlib>
#include <system_error>

namespace lips {

Path CacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return Path(cache) / "lipstream";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return Path(home) / ".cache" / "lipstream";
  }
  return {};
}

Path FindBesideProgram(std::initializer_list<const char*> places, const std::function<bool(const Path&)>& is_it) {
  std::error_code error;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  for (Path folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path()) {
    for (const char* place : places) {
      if (is_it(folder / place)) return folder / place;
    }
  }
  return {};
}

}  // namespace lips
