#include "avatar/pack_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "base/checksum.h"
#include "base/sha256.h"

namespace lips {
namespace {

struct Closer {
  void operator()(FILE* file) const { std::fclose(file); }
};

uint8_t HexDigit(char c) { return static_cast<uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

std::array<uint8_t, 32> FromHex(const std::string& hex) {
  std::array<uint8_t, 32> bytes = {};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(HexDigit(hex[2 * i]) << 4 | HexDigit(hex[2 * i + 1]));
  }
  return bytes;
}

}  // namespace

struct PackWriter::State {
  explicit State(AtomicFile target) : output(std::move(target)) {}

  AtomicFile output;
  std::unique_ptr<FILE, Closer> file;
  int64_t position = 0;
  std::vector<PackSection> sections;
  // Of the section being written.
  Checksum64 checksum;
  Sha256 sha256;
  std::string blobs_name;
  std::vector<PackBlobs::Entry> blobs;

  Error Failed() const {
    return Error(ErrorCode::kIo,
                 "cannot write '" + output.target_path().string() + "': " + std::generic_category().message(errno));
  }
  Status Write(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return {};
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return Failed();
    position += static_cast<int64_t>(bytes.size());
    return {};
  }
  Status Pad(int64_t alignment) {
    const std::vector<uint8_t> zeros(static_cast<size_t>((alignment - position % alignment) % alignment));
    return Write(zeros);
  }
  // `bytes`: of the section, as far as is known; large ones begin at a page.
  Status Begin(const std::string& name, int64_t bytes) {
    const bool proper = !name.empty() && name.size() < 64 &&
                        std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; }) &&
                        std::ranges::none_of(sections, [&](const PackSection& s) { return s.name == name; });
    if (!proper) return Error(ErrorCode::kInvalidInput, "'" + name + "' cannot be the name of a section");
    RETURN_IF_ERROR(Pad(bytes >= kPackPageAlignment ? kPackPageAlignment : kPackAlignment));
    PackSection section;
    section.name = name;
    section.offset = position;
    sections.push_back(std::move(section));
    checksum = Checksum64();
    sha256 = Sha256();
    return {};
  }
  Status Append(std::span<const uint8_t> bytes) {
    checksum.Add(bytes);
    sha256.Add(bytes);
    return Write(bytes);
  }
  void End() {
    PackSection& section = sections.back();
    section.bytes = position - section.offset;
    section.checksum = checksum.Value();
    section.sha256 = FromHex(sha256.Hex());
  }
};

PackWriter::PackWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackWriter::PackWriter(PackWriter&&) noexcept = default;
PackWriter& PackWriter::operator=(PackWriter&&) noexcept = default;
PackWriter::~PackWriter() = default;

Result<PackWriter> PackWriter::Create(const Path& target) {
  ASSIGN_OR_RETURN(AtomicFile output, AtomicFile::Create(target));
  auto state = std::make_unique<State>(std::move(output));
  state->file.reset(std::fopen(state->output.temporary_path().c_str(), "wbe"));
  if (state->file == nullptr) return state->Failed();
  const std::array<uint8_t, kPackHeaderBytes> room = {};
  RETURN_IF_ERROR(state->Write(room));
  return PackWriter(std::move(state));
}

Status PackWriter::Add(const std::string& name, std::span<const uint8_t> bytes) {
  RETURN_IF_ERROR(state_->Begin(name, static_cast<int64_t>(bytes.size())));
  RETURN_IF_ERROR(state_->Append(bytes));
  state_->End();
  return {};
}

Status PackWriter::Add(const std::string& name, std::string_view text) {
  return Add(name, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status PackWriter::Add(const std::string& name, const FilePart& file) {
  constexpr int64_t kChunk = 1 << 20;
  RETURN_IF_ERROR(state_->Begin(name, file.size()));
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min(kChunk, file.size())));
  for (int64_t at = 0; at < file.size(); at += kChunk) {
    const auto piece = std::span(chunk).first(static_cast<size_t>(std::min(kChunk, file.size() - at)));
    RETURN_IF_ERROR(file.Read(at, piece));
    RETURN_IF_ERROR(state_->Append(piece));
  }
  state_->End();
  return {};
}

Status PackWriter::BeginBlobs(const std::string& name) {
  state_->blobs_name = name;
  state_->blobs.clear();
  return state_->Begin(name + "/data", kPackPageAlignment);
}

Status PackWriter::AddBlob(std::span<const uint8_t> bytes) {
  State& state = *state_;
  const std::vector<uint8_t> zeros(
      static_cast<size_t>((kPackAlignment - state.position % kPackAlignment) % kPackAlignment));
  RETURN_IF_ERROR(state.Append(zeros));
  state.blobs.push_back(
      {state.position - state.sections.back().offset, static_cast<int64_t>(bytes.size()), Checksum64Of(bytes)});
  return state.Append(bytes);
}

Status PackWriter::EndBlobs() {
  state_->End();
  state_->sections.back().in_pieces = true;
  return Add(state_->blobs_name + "/index", PackBlobs::EncodeIndex(state_->blobs));
}

Status PackWriter::Finish() {
  State& state = *state_;
  RETURN_IF_ERROR(state.Pad(kPackAlignment));
  const std::vector<uint8_t> table = EncodePackTable(state.sections);
  PackHeader header;
  header.table_offset = state.position;
  header.file_bytes = state.position + static_cast<int64_t>(table.size());
  header.sections = static_cast<uint32_t>(state.sections.size());
  header.table_checksum = Checksum64Of(table);
  RETURN_IF_ERROR(state.Write(table));
  if (std::fseek(state.file.get(), 0, SEEK_SET) != 0) return state.Failed();
  RETURN_IF_ERROR(state.Write(EncodePackHeader(header)));
  if (std::fclose(state.file.release()) != 0) return state.Failed();
  return state.output.Commit();
}

}  // namespace lips
