#include "engine/ort/needed.h"

#include <elf.h>

#include <cstring>
#include <optional>
#include <span>

namespace lips {
namespace {

Error Broken(const std::string& what) { return {ErrorCode::kCorrupted, "no shared library of this system: " + what}; }

// A file's bytes, read only where they are.
class ElfFile {
 public:
  explicit ElfFile(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> At(uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  // The text that begins at `offset` and ends with a zero.
  std::optional<std::string> TextAt(uint64_t offset) const {
    if (offset >= bytes_.size()) return std::nullopt;
    const auto* begin = bytes_.data() + offset;
    const void* end = std::memchr(begin, 0, bytes_.size() - offset);
    if (end == nullptr) return std::nullopt;
    return std::string(begin, static_cast<const uint8_t*>(end));
  }

 private:
  std::span<const uint8_t> bytes_;
};

// Where in the file the loader would find the memory address `address`.
std::optional<uint64_t> FileOffset(std::span<const Elf64_Phdr> segments, uint64_t address) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) {
      continue;
    }
    return segment.p_offset + (address - segment.p_vaddr);
  }
  return std::nullopt;
}

Result<std::vector<std::string>> Read(const ElfFile& file) {
  const auto header = file.At<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_phentsize != sizeof(Elf64_Phdr)) {
    return Broken("its header is not that of a 64-bit ELF file");
  }
  std::vector<Elf64_Phdr> segments;
  for (uint64_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = file.At<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return Broken("its segments lie beyond its end");
    segments.push_back(*segment);
  }
  std::vector<uint64_t> names;  // offsets into the table of strings
  std::optional<uint64_t> strings;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = file.At<Elf64_Dyn>(segment.p_offset + at);
      if (!entry) return Broken("its dynamic section lies beyond its end");
      if (entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
      if (entry->d_tag == DT_STRTAB) strings = FileOffset(segments, entry->d_un.d_ptr);
    }
  }
  std::vector<std::string> needed;
  for (const uint64_t name : names) {
    const auto text = strings ? file.TextAt(*strings + name) : std::nullopt;
    if (!text) return Broken("the names of what it needs lie beyond its end");
    needed.push_back(*text);
  }
  return needed;
}

}  // namespace

Result<std::vector<std::string>> NeededLibraries(const Path& file) {
  ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
  auto needed = Read(ElfFile(mapped.bytes()));
  if (!needed.ok()) return std::move(needed).TakeError().Within(file.string());
  return needed;
}

}  // namespace lips
