// The frame of an avatar pack (.lips): header and table of sections. docs/formats.md, "Avatar pack", is the definition.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace lips {

inline constexpr std::array<uint8_t, 8> kPackMagic = {0x89, 'L', 'I', 'P', 'S', '\r', '\n', 0x1A};
inline constexpr uint32_t kPackVersion = 1;
inline constexpr int64_t kPackHeaderBytes = 64;
inline constexpr int64_t kPackAlignment = 64;        // of every section
inline constexpr int64_t kPackPageAlignment = 4096;  // of those of at least so many bytes

struct PackHeader {
  int64_t file_bytes = 0;
  int64_t table_offset = 0;  // the table ends the file
  uint32_t sections = 0;
  uint64_t table_checksum = 0;
};

struct PackSection {
  std::string name;  // 1 to 63 printable characters without space, unique
  int64_t offset = 0;
  int64_t bytes = 0;
  uint64_t checksum = 0;                // Checksum64 of the contents
  std::array<uint8_t, 32> sha256 = {};  // likewise
  // Another section holds checksums of its pieces, which are verified one by one as they are used.
  bool in_pieces = false;

  std::string sha256_hex() const;
};

std::array<uint8_t, kPackHeaderBytes> EncodePackHeader(const PackHeader& header);
std::vector<uint8_t> EncodePackTable(std::span<const PackSection> sections);

// `file_bytes`: how long the file really is. Errors: kInvalidInput (no pack), kUnsupported (a newer version),
// kCorrupted (checksum, a file cut off or continued, a table that lies elsewhere); all say what was found.
Result<PackHeader> ParsePackHeader(std::span<const uint8_t> bytes, int64_t file_bytes);
// How long the table of `header` is; never more than the file.
int64_t PackTableBytes(const PackHeader& header);
// Sections in the order of their offsets, disjoint, aligned, between header and table. Errors: kCorrupted naming the
// section.
Result<std::vector<PackSection>> ParsePackTable(const PackHeader& header, std::span<const uint8_t> table);

}  // namespace lips
