// Zip archives whose entries are stored as they are, read from memory.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lips {

// The directory of an archive, checked whole when it is opened; refers to its bytes. Archives above 4 GB (zip64) too.
class ZipArchive {
 public:
  // Errors: kCorrupted (no directory, or one that contradicts the bytes; names that occur twice), kUnsupported
  // (archives in several parts), kResourceLimit (more than 2^17 entries).
  static Result<ZipArchive> Open(std::span<const uint8_t> bytes);

  // Elements go by their whole name, "archive/data.pkl".
  bool Has(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  // The entries' names that end in `ending`, sorted.
  std::vector<std::string> NamesEndingIn(std::string_view ending) const;
  // The bytes of an entry, a part of the archive's. Errors: kCorrupted (absent, outside the file, wrong checksum),
  // kUnsupported (compressed or encrypted).
  Result<std::span<const uint8_t>> Read(std::string_view name) const;

 private:
  struct Entry {
    uint64_t header = 0;  // offset of its local header
    uint64_t bytes = 0;
    uint32_t crc = 0;
    uint16_t method = 0;  // 0: stored
    uint16_t flags = 0;
  };
  explicit ZipArchive(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  Status ReadDirectory(uint64_t start, uint64_t size, uint64_t count);

  std::span<const uint8_t> bytes_;
  uint64_t directory_ = 0;  // offset; entries lie before it
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace lips
