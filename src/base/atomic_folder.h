// A folder under construction, which appears under its name complete or not at all.
#pragma once

#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// Whoever fills it writes into temporary_path(), a hidden sibling of the target; Commit() gives it its name. Without
// Commit the destructor removes everything written, and there is no target. Move-only.
class AtomicFolder {
 public:
  // Makes the target's parents. Errors: kInvalidInput when the target exists and is no empty folder; kIo.
  static Result<AtomicFolder> Create(const Path& target);
  AtomicFolder(AtomicFolder&& other) noexcept
      : target_(std::move(other.target_)), temporary_(std::exchange(other.temporary_, Path())) {}
  AtomicFolder& operator=(AtomicFolder&& other) noexcept {
    std::swap(target_, other.target_);
    std::swap(temporary_, other.temporary_);
    return *this;
  }
  ~AtomicFolder();

  const Path& temporary_path() const { return temporary_; }
  const Path& target_path() const { return target_; }

  // Errors: kIo, also when something has taken the name meanwhile; the folder is then removed as without Commit.
  Status Commit();

 private:
  AtomicFolder(Path target, Path temporary) : target_(std::move(target)), temporary_(std::move(temporary)) {}
  Path target_;
  Path temporary_;  // empty once committed or moved from
};

}  // namespace lips
