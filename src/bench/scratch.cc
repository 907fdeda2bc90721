#include "bench/scratch.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

namespace lips {

Result<ScratchFolder> ScratchFolder::Create() {
  std::error_code failed;
  const Path parent = std::filesystem::temp_directory_path(failed);
  if (failed) return Error(ErrorCode::kIo, "no folder for temporary files: " + failed.message());
  std::string name = (parent / "lipstream_bench_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return Error(ErrorCode::kIo,
                 "cannot create a folder in '" + parent.string() + "': " + std::generic_category().message(errno));
  }
  return ScratchFolder(name);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace lips
