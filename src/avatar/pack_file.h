// An avatar pack, opened: its sections, each verified before its bytes are used.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "avatar/pack_format.h"
#include "base/file_part.h"
#include "base/result.h"

namespace lips {

// Opening reads header and table only. A section's checksum is verified the first time it is asked for, by reading it
// through once; what was found damaged stays an error. Any number of threads.
class PackFile {
 public:
  // Whether the file begins like a pack (of any version). False for what cannot be read.
  static bool Recognises(const Path& path);
  // Errors: kIo; those of ParsePackHeader and ParsePackTable, naming the path.
  static Result<std::shared_ptr<const PackFile>> Open(const Path& path);

  const Path& path() const { return file_.path(); }
  int64_t size() const { return file_.size(); }
  const std::vector<PackSection>& sections() const { return sections_; }
  const PackSection* Find(std::string_view name) const;  // null: there is none

  // What parts of that section are called.
  std::string NameOf(const PackSection& section) const;

  // The section, verified (one that is in pieces is not: verify what you use of it). Errors: kInvalidInput when there
  // is none; kCorrupted naming section and place.
  Result<FilePart> Part(std::string_view name) const;
  // Its bytes as mapped memory, shared by processes, 64-byte aligned (see FilePart::Map).
  Result<OwnedBytes> FindSection(std::string_view name) const;

  // Reads a section through whatever was verified before, and compares its SHA-256 too. Errors: kCorrupted, kIo.
  Status Verify(const PackSection& section) const;

 private:
  PackFile(FilePart file, std::vector<PackSection> sections);
  Result<FilePart> Unverified(const PackSection& section) const;
  Error Damaged(const PackSection& section, const char* what) const;

  FilePart file_;
  std::vector<PackSection> sections_;
  std::map<std::string_view, size_t> by_name_;  // into sections_
  mutable std::vector<std::atomic<bool>> verified_;
};

// Two sections NAME/index and NAME/data that hold one block of bytes per template frame.
class PackBlobs {
 public:
  // Errors: as PackFile::Part; kCorrupted when the index leaves the data.
  static Result<PackBlobs> Open(std::shared_ptr<const PackFile> pack, const std::string& name);

  int64_t count() const { return static_cast<int64_t>(entries_.size()); }
  // The block, mapped, 64-byte aligned; its checksum is verified the first time. `index` in [0, count). Errors:
  // kCorrupted naming section, block and place; kIo.
  Result<OwnedBytes> Get(int64_t index) const;

  struct Entry {
    int64_t offset = 0;  // in NAME/data
    int64_t bytes = 0;
    uint64_t checksum = 0;  // Checksum64
  };
  static std::vector<uint8_t> EncodeIndex(const std::vector<Entry>& entries);
  // Blocks in order, disjoint, 64-byte aligned, inside `data_bytes`. Errors: kCorrupted.
  static Result<std::vector<Entry>> ParseIndex(std::span<const uint8_t> bytes, int64_t data_bytes);

 private:
  PackBlobs() = default;

  std::shared_ptr<const PackFile> pack_;
  std::string data_name_;
  int64_t data_offset_ = 0;
  std::vector<FilePart> data_;  // one
  std::vector<Entry> entries_;
  std::unique_ptr<std::vector<std::atomic<bool>>> verified_;
};

}  // namespace lips
