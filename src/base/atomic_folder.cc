#include "base/atomic_folder.h"

#include <unistd.h>

#include <random>
#include <string>
#include <system_error>

namespace lips {

Result<AtomicFolder> AtomicFolder::Create(const Path& target) {
  Path clean = target.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // "anna/" is "anna"
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(clean, failed);
  const bool empty = std::filesystem::is_directory(status) && std::filesystem::is_empty(clean, failed);
  if (std::filesystem::exists(status) && !empty) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + target.string() + "' exists already; remove it, or choose another folder");
  }
  if (clean.has_parent_path()) RETURN_IF_ERROR(MakeFolder(clean.parent_path()));
  std::random_device random;
  const std::string unique = std::to_string(::getpid()) + "." + std::to_string(random());
  Path temporary = clean.parent_path() / (".tmp." + unique + "." + clean.filename().string());
  if (!std::filesystem::create_directory(temporary, failed)) {
    return Error(ErrorCode::kIo, "cannot create folder '" + target.string() + "': " + failed.message());
  }
  return AtomicFolder(std::move(clean), std::move(temporary));
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

Status AtomicFolder::Commit() {
  std::error_code failed;
  std::filesystem::rename(temporary_, target_, failed);
  if (failed) return Error(ErrorCode::kIo, "cannot create '" + target_.string() + "': " + failed.message());
  temporary_.clear();
  return {};
}

}  // namespace lips
