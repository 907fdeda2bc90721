#include "avatar/pack_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/checksum.h"
#include "base/sha256.h"

namespace lips {
namespace {

constexpr size_t kIndexEntryBytes = 24;

// Streams the part through both sums, or the fast one alone.
Status Sum(const FilePart& part, Checksum64& checksum, Sha256* sha256) {
  constexpr int64_t kChunk = 1 << 20;
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min(kChunk, part.size())));
  for (int64_t at = 0; at < part.size(); at += kChunk) {
    const auto piece = std::span(chunk).first(static_cast<size_t>(std::min(kChunk, part.size() - at)));
    RETURN_IF_ERROR(part.Read(at, piece));
    checksum.Add(piece);
    if (sha256 != nullptr) sha256->Add(piece);
  }
  return {};
}

}  // namespace

bool PackFile::Recognises(const Path& path) {
  const auto file = FilePart::Open(path);
  std::array<uint8_t, kPackMagic.size()> magic = {};
  return file.ok() && file.value().size() >= static_cast<int64_t>(magic.size()) && file.value().Read(0, magic).ok() &&
         magic == kPackMagic;
}

PackFile::PackFile(FilePart file, std::vector<PackSection> sections)
    : file_(std::move(file)), sections_(std::move(sections)), verified_(sections_.size()) {
  for (size_t i = 0; i < sections_.size(); ++i) by_name_.emplace(sections_[i].name, i);
}

Result<std::shared_ptr<const PackFile>> PackFile::Open(const Path& path) {
  ASSIGN_OR_RETURN(FilePart file, FilePart::Open(path));
  const auto within = [&](Error error) { return std::move(error).Within("'" + path.string() + "'"); };
  std::vector<uint8_t> head(static_cast<size_t>(std::min(file.size(), kPackHeaderBytes)));
  RETURN_IF_ERROR(file.Read(0, head));
  auto header = ParsePackHeader(head, file.size());
  if (!header.ok()) return within(std::move(header).TakeError());
  std::vector<uint8_t> table(static_cast<size_t>(PackTableBytes(header.value())));
  RETURN_IF_ERROR(file.Read(header.value().table_offset, table));
  auto sections = ParsePackTable(header.value(), table);
  if (!sections.ok()) return within(std::move(sections).TakeError());
  return std::shared_ptr<const PackFile>(new PackFile(std::move(file), std::move(sections).value()));
}

const PackSection* PackFile::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &sections_[found->second];
}

Error PackFile::Damaged(const PackSection& section, const char* what) const {
  return Error(ErrorCode::kCorrupted, "'" + path().string() + "': section '" + section.name + "' (" +
                                          std::to_string(section.bytes) + " bytes at byte " +
                                          std::to_string(section.offset) + ") is damaged: its " + what + " differs");
}

Result<FilePart> PackFile::Unverified(const PackSection& section) const {
  return file_.Part(section.offset, section.bytes, NameOf(section));
}

std::string PackFile::NameOf(const PackSection& section) const { return path().string() + ":" + section.name; }

Result<FilePart> PackFile::Part(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return Error(ErrorCode::kInvalidInput, "'" + path().string() + "' has no section '" + std::string(name) + "'");
  }
  const PackSection& section = sections_[found->second];
  ASSIGN_OR_RETURN(FilePart part, Unverified(section));
  if (section.in_pieces || verified_[found->second]) return part;
  Checksum64 checksum;
  RETURN_IF_ERROR(Sum(part, checksum, nullptr));
  if (checksum.Value() != section.checksum) return Damaged(section, "checksum");
  verified_[found->second] = true;
  return part;
}

Result<OwnedBytes> PackFile::FindSection(std::string_view name) const {
  ASSIGN_OR_RETURN(const FilePart part, Part(name));
  return part.Map();
}

Status PackFile::Verify(const PackSection& section) const {
  ASSIGN_OR_RETURN(const FilePart part, Unverified(section));
  Checksum64 checksum;
  Sha256 sha256;
  RETURN_IF_ERROR(Sum(part, checksum, &sha256));
  if (checksum.Value() != section.checksum) return Damaged(section, "checksum");
  if (sha256.Hex() != section.sha256_hex()) return Damaged(section, "SHA-256");
  return {};
}

std::vector<uint8_t> PackBlobs::EncodeIndex(const std::vector<Entry>& entries) {
  std::vector<uint8_t> bytes(entries.size() * kIndexEntryBytes);
  uint8_t* at = bytes.data();
  for (const Entry& entry : entries) {
    std::memcpy(at, &entry.offset, sizeof(entry.offset));
    std::memcpy(at + 8, &entry.bytes, sizeof(entry.bytes));
    std::memcpy(at + 16, &entry.checksum, sizeof(entry.checksum));
    at += kIndexEntryBytes;
  }
  return bytes;
}

Result<std::vector<PackBlobs::Entry>> PackBlobs::ParseIndex(std::span<const uint8_t> bytes, int64_t data_bytes) {
  if (bytes.size() % kIndexEntryBytes != 0) {
    return Error(ErrorCode::kCorrupted, "an index of " + std::to_string(bytes.size()) + " bytes is no list of blocks");
  }
  std::vector<Entry> entries(bytes.size() / kIndexEntryBytes);
  int64_t free_from = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    Entry& entry = entries[i];
    const uint8_t* at = bytes.data() + i * kIndexEntryBytes;
    std::memcpy(&entry.offset, at, sizeof(entry.offset));
    std::memcpy(&entry.bytes, at + 8, sizeof(entry.bytes));
    std::memcpy(&entry.checksum, at + 16, sizeof(entry.checksum));
    if (entry.offset < free_from || entry.offset % kPackAlignment != 0 || entry.bytes <= 0 ||
        entry.offset > data_bytes || entry.bytes > data_bytes - entry.offset) {
      return Error(ErrorCode::kCorrupted, "block " + std::to_string(i) + " lies at byte " +
                                              std::to_string(entry.offset) + " with " + std::to_string(entry.bytes) +
                                              " bytes, of " + std::to_string(data_bytes));
    }
    free_from = entry.offset + entry.bytes;
  }
  return entries;
}

Result<PackBlobs> PackBlobs::Open(std::shared_ptr<const PackFile> pack, const std::string& name) {
  PackBlobs blobs;
  ASSIGN_OR_RETURN(const FilePart index, pack->Part(name + "/index"));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, index.ReadAll());
  blobs.data_name_ = name + "/data";
  ASSIGN_OR_RETURN(const FilePart data, pack->Part(blobs.data_name_));
  blobs.data_.push_back(data);
  blobs.data_offset_ = pack->Find(blobs.data_name_)->offset;
  auto entries = ParseIndex(bytes, data.size());
  if (!entries.ok()) return std::move(entries).TakeError().Within("'" + index.name() + "'");
  blobs.entries_ = std::move(entries).value();
  blobs.verified_ = std::make_unique<std::vector<std::atomic<bool>>>(blobs.entries_.size());
  blobs.pack_ = std::move(pack);
  return blobs;
}

Result<OwnedBytes> PackBlobs::Get(int64_t index) const {
  const auto i = static_cast<size_t>(index);
  const Entry& entry = entries_[i];
  ASSIGN_OR_RETURN(OwnedBytes block, data_.front().Map(entry.offset, entry.bytes));
  if ((*verified_)[i]) return block;
  if (Checksum64Of(block.bytes) != entry.checksum) {
    return Error(ErrorCode::kCorrupted, "'" + pack_->path().string() + "': section '" + data_name_ + "': block " +
                                            std::to_string(index) + " (" + std::to_string(entry.bytes) +
                                            " bytes at byte " + std::to_string(data_offset_ + entry.offset) +
                                            ") is damaged: its checksum differs");
  }
  (*verified_)[i] = true;
  return block;
}

}  // namespace lips
