#include "avatar/pack_format.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "base/checksum.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

// Where things lie in the header ...
constexpr size_t kVersionAt = 8;
constexpr size_t kSectionsAt = 12;
constexpr size_t kFileBytesAt = 16;
constexpr size_t kTableOffsetAt = 24;
constexpr size_t kTableChecksumAt = 32;
constexpr size_t kHeaderChecksumAt = 56;  // of all before it; bytes 40 to 55 are zero

// ... and in an entry of the table.
constexpr size_t kEntryBytes = 128;
constexpr size_t kNameBytes = 64;
constexpr size_t kOffsetAt = 64;
constexpr size_t kBytesAt = 72;
constexpr size_t kChecksumAt = 80;
constexpr size_t kFlagsAt = 88;  // bit 0: in pieces
constexpr size_t kSha256At = 96;
constexpr uint64_t kInPieces = 1;

template <typename T>
void Store(T value, uint8_t* at) {
  std::memcpy(at, &value, sizeof(value));
}

template <typename T>
T Load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

Error Corrupted(std::string what) { return Error(ErrorCode::kCorrupted, std::move(what)); }

bool IsPrintable(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
}

Result<PackSection> ParseEntry(std::span<const uint8_t> entry, size_t index) {
  PackSection section;
  const auto* text = reinterpret_cast<const char*>(entry.data());
  section.name.assign(text, ::strnlen(text, kNameBytes));
  const bool padded = std::all_of(text + section.name.size(), text + kNameBytes, [](char c) { return c == 0; });
  if (!IsPrintable(section.name) || section.name.size() == kNameBytes || !padded) {
    return Corrupted("section " + std::to_string(index) + " of the table has no proper name");
  }
  section.offset = Load<int64_t>(entry.data() + kOffsetAt);
  section.bytes = Load<int64_t>(entry.data() + kBytesAt);
  section.checksum = Load<uint64_t>(entry.data() + kChecksumAt);
  const auto flags = Load<uint64_t>(entry.data() + kFlagsAt);
  section.in_pieces = (flags & kInPieces) != 0;
  std::copy_n(entry.begin() + kSha256At, section.sha256.size(), section.sha256.begin());
  if ((flags & ~kInPieces) != 0) return Corrupted("section '" + section.name + "' has unknown flags");
  return section;
}

}  // namespace

std::string PackSection::sha256_hex() const {
  std::string hex;
  for (const uint8_t byte : sha256) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::array<uint8_t, kPackHeaderBytes> EncodePackHeader(const PackHeader& header) {
  std::array<uint8_t, kPackHeaderBytes> bytes = {};
  std::ranges::copy(kPackMagic, bytes.begin());
  Store(kPackVersion, bytes.data() + kVersionAt);
  Store(header.sections, bytes.data() + kSectionsAt);
  Store(header.file_bytes, bytes.data() + kFileBytesAt);
  Store(header.table_offset, bytes.data() + kTableOffsetAt);
  Store(header.table_checksum, bytes.data() + kTableChecksumAt);
  Store(Checksum64Of(std::span(bytes).first(kHeaderChecksumAt)), bytes.data() + kHeaderChecksumAt);
  return bytes;
}

std::vector<uint8_t> EncodePackTable(std::span<const PackSection> sections) {
  std::vector<uint8_t> table(sections.size() * kEntryBytes);
  uint8_t* entry = table.data();
  for (const PackSection& section : sections) {
    std::ranges::copy(section.name, entry);
    Store(section.offset, entry + kOffsetAt);
    Store(section.bytes, entry + kBytesAt);
    Store(section.checksum, entry + kChecksumAt);
    Store(section.in_pieces ? kInPieces : uint64_t{0}, entry + kFlagsAt);
    std::ranges::copy(section.sha256, entry + kSha256At);
    entry += kEntryBytes;
  }
  return table;
}

Result<PackHeader> ParsePackHeader(std::span<const uint8_t> bytes, int64_t file_bytes) {
  if (bytes.size() < kPackMagic.size() || !std::ranges::equal(bytes.first(kPackMagic.size()), kPackMagic)) {
    return Error(ErrorCode::kInvalidInput, "is no avatar pack: it does not begin like one");
  }
  if (bytes.size() < kPackHeaderBytes) {
    return Corrupted("was cut off within its header, at byte " + std::to_string(bytes.size()));
  }
  const auto version = Load<uint32_t>(bytes.data() + kVersionAt);
  if (version > kPackVersion) {  // before the checksum, which another version may reckon otherwise
    return Error(ErrorCode::kUnsupported, "is an avatar pack of version " + std::to_string(version) +
                                              "; this program reads version " + std::to_string(kPackVersion) +
                                              ": use a newer lipstream, or pack the avatar again");
  }
  if (Checksum64Of(bytes.first(kHeaderChecksumAt)) != Load<uint64_t>(bytes.data() + kHeaderChecksumAt)) {
    return Corrupted("has a damaged header: its checksum differs");
  }
  if (version != kPackVersion) return Corrupted("claims version " + std::to_string(version));
  PackHeader header;
  header.sections = Load<uint32_t>(bytes.data() + kSectionsAt);
  header.file_bytes = Load<int64_t>(bytes.data() + kFileBytesAt);
  header.table_offset = Load<int64_t>(bytes.data() + kTableOffsetAt);
  header.table_checksum = Load<uint64_t>(bytes.data() + kTableChecksumAt);
  if (header.file_bytes != file_bytes) {
    return Corrupted("has " + std::to_string(file_bytes) + " bytes; its header says " +
                     std::to_string(header.file_bytes) + (file_bytes < header.file_bytes ? ": it was cut off" : ""));
  }
  const int64_t table_bytes = PackTableBytes(header);
  if (header.table_offset < kPackHeaderBytes || header.table_offset % kPackAlignment != 0 || table_bytes > file_bytes ||
      header.table_offset != file_bytes - table_bytes) {
    return Corrupted("has no table of " + std::to_string(header.sections) + " sections at its end");
  }
  return header;
}

int64_t PackTableBytes(const PackHeader& header) { return int64_t{header.sections} * int64_t{kEntryBytes}; }

Result<std::vector<PackSection>> ParsePackTable(const PackHeader& header, std::span<const uint8_t> table) {
  if (static_cast<int64_t>(table.size()) != PackTableBytes(header) || Checksum64Of(table) != header.table_checksum) {
    return Corrupted("has a damaged table of sections: its checksum differs");
  }
  std::vector<PackSection> sections;
  std::set<std::string_view> names;
  sections.reserve(header.sections);  // no less than the table itself
  int64_t free_from = kPackHeaderBytes;
  for (size_t i = 0; i < header.sections; ++i) {
    ASSIGN_OR_RETURN(PackSection section, ParseEntry(table.subspan(i * kEntryBytes, kEntryBytes), i));
    if (section.offset < free_from || section.offset % kPackAlignment != 0 || section.bytes < 0 ||
        section.offset > header.table_offset || section.bytes > header.table_offset - section.offset) {
      return Corrupted("section '" + section.name + "' lies at byte " + std::to_string(section.offset) + " with " +
                       std::to_string(section.bytes) + " bytes; expected it from " + std::to_string(free_from) +
                       " and before " + std::to_string(header.table_offset));
    }
    free_from = section.offset + section.bytes;
    sections.push_back(std::move(section));
    if (!names.insert(sections.back().name).second) {
      return Corrupted("section '" + sections.back().name + "' is there twice");
    }
  }
  return sections;
}

}  // namespace lips
