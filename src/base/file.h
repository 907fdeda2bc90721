// Files: whole reads, memory maps, and outputs that appear complete or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lips {

using Path = std::filesystem::path;

// Reads the whole file. Errors: kIo (missing, unreadable, a directory), kResourceLimit when it is larger
// than `max_bytes`.
Result<std::vector<uint8_t>> ReadFile(const Path& path, size_t max_bytes = size_t{2} << 30);
Result<std::string> ReadTextFile(const Path& path, size_t max_bytes = size_t{64} << 20);

// A read-only view of a file's bytes, shared with every other process that maps it. Move-only.
class MappedFile {
 public:
  static Result<MappedFile> Open(const Path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// An output file under construction: a temporary name in the target's folder (so that the final rename
// cannot cross file systems), written by whoever gets temporary_path(), then Commit()ted.
//
// Without Commit the destructor removes the temporary file and the target stays as it was. Move-only.
class AtomicFile {
 public:
  // Errors: kIo when the folder is missing or not writable, or `target` exists and is no regular file.
  static Result<AtomicFile> Create(const Path& target);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  // Keeps the target's extension, since some writers choose their format by it.
  const Path& temporary_path() const { return temporary_; }
  const Path& target_path() const { return target_; }

  // Flushes the temporary file to storage and gives it its final name. Errors: kIo.
  Status Commit();

 private:
  AtomicFile(Path target, Path temporary) : target_(std::move(target)), temporary_(std::move(temporary)) {}
  Path target_;
  Path temporary_;  // empty once committed or moved from
};

// AtomicFile around one write of `bytes`.
Status WriteFileAtomically(const Path& target, std::span<const uint8_t> bytes);
Status WriteFileAtomically(const Path& target, std::string_view text);

// Creates the folder and its parents; an existing folder is fine. Errors: kIo.
Status MakeFolder(const Path& folder);

}  // namespace lips
