#include "model/zip.h"

#include <algorithm>
#include <utility>

#include "model/crc32.h"
#include "model/name.h"

// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (its end).
namespace lips {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kDirectoryHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kLocator64 = 0x07064b50;
constexpr size_t kLocalBytes = 30;
constexpr size_t kDirectoryBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kLocatorBytes = 20;
constexpr size_t kMostComment = 0xFFFF;
constexpr uint64_t kMostEntries = uint64_t{1} << 17;
constexpr uint32_t kIn64 = 0xFFFFFFFF;  // a 32-bit field's way to say that the 64-bit one holds

// A little-endian number; `at` and `width` lie within `bytes`.
uint64_t NumberAt(std::span<const uint8_t> bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t k = width; k-- > 0;) value = value << 8 | bytes[at + k];
  return value;
}

bool Holds(std::span<const uint8_t> bytes, uint64_t at, uint64_t count) {
  return at <= bytes.size() && count <= bytes.size() - at;
}

bool Begins(std::span<const uint8_t> bytes, uint64_t at, size_t length, uint32_t signature) {
  return Holds(bytes, at, length) && NumberAt(bytes, static_cast<size_t>(at), 4) == signature;
}

Error Damaged(const std::string& what) { return {ErrorCode::kCorrupted, "zip archive: " + what}; }

// Where the record that ends the archive begins. Errors: kCorrupted when there is none.
Result<size_t> FindEnd(std::span<const uint8_t> bytes) {
  if (bytes.size() >= kEndBytes) {
    const size_t last = bytes.size() - kEndBytes;
    const size_t first = last > kMostComment ? last - kMostComment : 0;
    for (size_t at = last + 1; at-- > first;) {
      if (Begins(bytes, at, kEndBytes, kEnd) && at + kEndBytes + NumberAt(bytes, at + 20, 2) == bytes.size()) return at;
    }
  }
  return Damaged("its directory, which stands at the end, is missing; was the file cut off?");
}

// The three 64-bit numbers of an entry, where its extra field has those that do not fit.
struct Wide {
  uint64_t size, stored, header;
};

Status ReadWide(std::span<const uint8_t> extra, Wide& wide) {
  while (extra.size() >= 4) {
    const uint64_t kind = NumberAt(extra, 0, 2);
    const auto length = static_cast<size_t>(NumberAt(extra, 2, 2));
    if (length > extra.size() - 4) break;
    auto field = extra.subspan(4, length);
    extra = extra.subspan(4 + length);
    if (kind != 1) continue;
    for (uint64_t* number : {&wide.size, &wide.stored, &wide.header}) {
      if (*number != kIn64) continue;
      if (field.size() < 8) return Damaged("an entry lacks its 64-bit sizes");
      *number = NumberAt(field, 0, 8);
      field = field.subspan(8);
    }
    return {};
  }
  return {};
}

}  // namespace

Result<ZipArchive> ZipArchive::Open(std::span<const uint8_t> bytes) {
  ASSIGN_OR_RETURN(const size_t end, FindEnd(bytes));
  uint64_t disks = NumberAt(bytes, end + 4, 2) | NumberAt(bytes, end + 6, 2);
  uint64_t count = NumberAt(bytes, end + 10, 2);
  uint64_t size = NumberAt(bytes, end + 12, 4);
  uint64_t start = NumberAt(bytes, end + 16, 4);
  uint64_t limit = end;
  if (end >= kLocatorBytes && Begins(bytes, end - kLocatorBytes, kLocatorBytes, kLocator64)) {
    limit = NumberAt(bytes, end - kLocatorBytes + 8, 8);
    if (limit > end || !Begins(bytes, limit, kEnd64Bytes, kEnd64)) {
      return Damaged("its 64-bit directory record is not where the locator says");
    }
    const auto at = static_cast<size_t>(limit);
    disks = NumberAt(bytes, at + 16, 4) | NumberAt(bytes, at + 20, 4);
    count = NumberAt(bytes, at + 32, 8);
    size = NumberAt(bytes, at + 40, 8);
    start = NumberAt(bytes, at + 48, 8);
  }
  if (disks != 0) return Error(ErrorCode::kUnsupported, "zip archive: it is one part of several");
  if (count > kMostEntries) {
    return Error(ErrorCode::kResourceLimit, "zip archive: " + std::to_string(count) + " entries; at most " +
                                                std::to_string(kMostEntries) + " are read");
  }
  if (start > limit || size > limit - start) return Damaged("its directory lies outside the file");
  ZipArchive archive(bytes);
  RETURN_IF_ERROR(archive.ReadDirectory(start, size, count));
  return archive;
}

Status ZipArchive::ReadDirectory(uint64_t start, uint64_t size, uint64_t count) {
  directory_ = start;
  auto rest = bytes_.subspan(static_cast<size_t>(start), static_cast<size_t>(size));
  for (uint64_t k = 0; k < count; ++k) {
    const std::string which = "entry " + std::to_string(k) + " of its directory";
    if (!Begins(rest, 0, kDirectoryBytes, kDirectoryHeader)) return Damaged(which + " is none");
    const auto name_bytes = static_cast<size_t>(NumberAt(rest, 28, 2));
    const auto extra_bytes = static_cast<size_t>(NumberAt(rest, 30, 2));
    const auto comment_bytes = static_cast<size_t>(NumberAt(rest, 32, 2));
    if (!Holds(rest, kDirectoryBytes, name_bytes + extra_bytes + comment_bytes)) return Damaged(which + " is cut off");
    const std::string_view name(reinterpret_cast<const char*>(rest.data()) + kDirectoryBytes, name_bytes);
    Wide wide = {NumberAt(rest, 24, 4), NumberAt(rest, 20, 4), NumberAt(rest, 42, 4)};
    RETURN_IF_ERROR(ReadWide(rest.subspan(kDirectoryBytes + name_bytes, extra_bytes), wide));
    Entry entry;
    entry.flags = static_cast<uint16_t>(NumberAt(rest, 8, 2));
    entry.method = static_cast<uint16_t>(NumberAt(rest, 10, 2));
    entry.crc = static_cast<uint32_t>(NumberAt(rest, 16, 4));
    entry.bytes = wide.stored;
    entry.header = wide.header;
    if (entry.method == 0 && wide.size != wide.stored) return Damaged(QuoteName(name) + " is stored in another size");
    if (!entries_.emplace(name, entry).second) return Damaged(QuoteName(name) + " is there twice");
    rest = rest.subspan(kDirectoryBytes + name_bytes + extra_bytes + comment_bytes);
  }
  return {};
}

std::vector<std::string> ZipArchive::NamesEndingIn(std::string_view ending) const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (name.ends_with(ending)) names.push_back(name);
  }
  return names;
}

Result<std::span<const uint8_t>> ZipArchive::Read(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return Damaged(QuoteName(name) + " is missing");
  const Entry& entry = found->second;
  if ((entry.flags & 1) != 0)
    return Error(ErrorCode::kUnsupported, "zip archive: " + QuoteName(name) + " is encrypted");
  if (entry.method != 0) {
    return Error(ErrorCode::kUnsupported,
                 "zip archive: " + QuoteName(name) + " is compressed; PyTorch stores its entries as they are");
  }
  const auto before = bytes_.first(static_cast<size_t>(directory_));
  if (!Begins(before, entry.header, kLocalBytes, kLocalHeader)) {
    return Damaged(QuoteName(name) + " is not where the directory says");
  }
  const auto header = static_cast<size_t>(entry.header);
  const uint64_t start = header + kLocalBytes + NumberAt(before, header + 26, 2) + NumberAt(before, header + 28, 2);
  if (!Holds(before, start, entry.bytes)) {
    return Damaged(QuoteName(name) + " has " + std::to_string(entry.bytes) + " bytes, which lead out of the file");
  }
  const auto bytes = before.subspan(static_cast<size_t>(start), static_cast<size_t>(entry.bytes));
  if (Crc32(bytes) != entry.crc) return Damaged("the checksum of " + QuoteName(name) + " does not match its bytes");
  return bytes;
}

}  // namespace lips
