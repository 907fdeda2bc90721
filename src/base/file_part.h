// A file held open, or a part of one, that reads the same though its name may meanwhile mean another file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// Bytes in memory that belong to `owner`.
struct OwnedBytes {
  std::span<const uint8_t> bytes;
  std::shared_ptr<const void> owner;
};

// Cheap to copy; copies share the open file. Any number of threads may read at once: there is no position.
class FilePart {
 public:
  // The whole of a regular file, as long as it is now. Errors: kIo.
  static Result<FilePart> Open(const Path& path);

  // `length` bytes from `offset`. `name` stands for it in messages. Errors: kInvalidInput when it leaves this part.
  Result<FilePart> Part(int64_t offset, int64_t length, std::string name) const;

  const std::string& name() const { return name_; }  // for messages: the path, or what Part was told
  const Path& path() const;                          // of the file that holds it
  bool is_whole_file() const { return whole_; }
  int64_t size() const { return size_; }

  // Fills `out` from `offset`. Errors: kIo; kCorrupted when the file has become shorter. Both name the part.
  Status Read(int64_t offset, std::span<uint8_t> out) const;
  // Errors: also kResourceLimit above `max_bytes`.
  Result<std::vector<uint8_t>> ReadAll(size_t max_bytes = size_t{2} << 30) const;

  // The bytes as the page cache has them, shared with every process that maps them; nothing is read before it is
  // touched. Errors: kIo; kCorrupted when the file is shorter than the part. A file that is cut off later ends the
  // process when the missing bytes are touched (SIGBUS): map only files that are replaced, never rewritten.
  Result<OwnedBytes> Map() const;
  // Likewise for a piece of it; when its last owner goes, its pages no longer count as this process's memory.
  Result<OwnedBytes> Map(int64_t offset, int64_t length) const;

 private:
  struct File;
  FilePart(std::shared_ptr<const File> file, int64_t size);
  Status CheckStillThere(int64_t end) const;

  std::shared_ptr<const File> file_;
  int64_t offset_ = 0;  // in the file
  int64_t size_ = 0;
  std::string name_;
  bool whole_ = true;
};

}  // namespace lips
