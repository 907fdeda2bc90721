// A temporary folder for what benchmarks write.
#pragma once

#include "base/file.h"
#include "base/result.h"

namespace lips {

// Removed with everything in it at the end of its life. Move-only.
class ScratchFolder {
 public:
  // Below the system's folder for temporary files. Errors: kIo.
  static Result<ScratchFolder> Create();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  const Path& path() const { return path_; }

 private:
  explicit ScratchFolder(Path path) : path_(std::move(path)) {}
  Path path_;  // empty when moved from
};

}  // namespace lips
