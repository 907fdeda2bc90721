#include "train/tensor_file.h"

#include <bit>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>

#include "base/checksum.h"

namespace lips {
namespace {

static_assert(std::endian::native == std::endian::little, "checkpoints are little endian");

constexpr std::string_view kMagic = "LIPSTRN1";
constexpr size_t kSumBytes = sizeof(uint64_t);

void AppendBytes(const void* data, size_t bytes, std::vector<uint8_t>& out) {
  const auto* first = static_cast<const uint8_t*>(data);
  out.insert(out.end(), first, first + bytes);
}

Error Damaged(const Path& path, const std::string& how) {
  return Error(ErrorCode::kCorrupted, "checkpoint '" + path.string() + "' " + how);
}

Path PreviousOf(const Path& path) { return path.string() + ".previous"; }

// Takes `bytes` from the front of `rest`; empty when there are fewer.
std::span<const uint8_t> Take(std::span<const uint8_t>& rest, uint64_t bytes) {
  if (bytes > rest.size()) return {};
  const auto taken = rest.first(static_cast<size_t>(bytes));
  rest = rest.subspan(static_cast<size_t>(bytes));
  return taken;
}

Result<TensorFile> Parse(const Path& path, std::span<const uint8_t> rest) {
  if (rest.size() < kMagic.size() + 2 * sizeof(uint64_t) ||
      std::memcmp(rest.data(), kMagic.data(), kMagic.size()) != 0) {
    return Damaged(path, "is no checkpoint of this program");
  }
  uint64_t sum = 0;
  std::memcpy(&sum, rest.data() + rest.size() - kSumBytes, kSumBytes);
  rest = rest.first(rest.size() - kSumBytes);
  if (Checksum64Of(rest) != sum) return Damaged(path, "is damaged: its checksum is wrong");
  Take(rest, kMagic.size());
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, Take(rest, sizeof(header_bytes)).data(), sizeof(header_bytes));
  const auto text = Take(rest, header_bytes);
  ASSIGN_OR_RETURN(const Json header, ParseJson({reinterpret_cast<const char*>(text.data()), text.size()}));
  TensorFile file;
  if (const Json* facts = header.Find("facts")) file.facts = *facts;
  const Json* arrays = header.Find("arrays");
  if (arrays == nullptr || !arrays->is_array()) return Damaged(path, "lists no arrays");
  for (const Json& entry : arrays->array()) {
    const bool sound = entry.array().size() == 2 && entry.array()[0].is_string() && entry.array()[1].is_int();
    const int64_t count = sound ? entry.array()[1].as_int() : -1;
    if (count < 0 || static_cast<uint64_t>(count) > rest.size() / sizeof(float)) {
      return Damaged(path, "has an array that does not fit");
    }
    std::vector<float> values(static_cast<size_t>(count));
    const auto data = Take(rest, static_cast<uint64_t>(count) * sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), data.data(), data.size());
    file.arrays.insert_or_assign(entry.array()[0].as_string(), std::move(values));
  }
  return file;
}

}  // namespace

Status WriteTensorFile(const Path& path, const TensorFile& file) {
  Json arrays = Json::Array{};
  size_t total = 0;
  for (const auto& [name, values] : file.arrays) {
    arrays.Append(Json::Array{name, values.size()});
    total += values.size() * sizeof(float);
  }
  const std::string header = Json::Object({{"facts", file.facts}, {"arrays", std::move(arrays)}}).Dump(true);
  std::vector<uint8_t> bytes;
  bytes.reserve(kMagic.size() + 2 * sizeof(uint64_t) + header.size() + total);
  AppendBytes(kMagic.data(), kMagic.size(), bytes);
  const uint64_t header_bytes = header.size();
  AppendBytes(&header_bytes, sizeof(header_bytes), bytes);
  AppendBytes(header.data(), header.size(), bytes);
  for (const auto& [name, values] : file.arrays) AppendBytes(values.data(), values.size() * sizeof(float), bytes);
  const uint64_t sum = Checksum64Of(bytes);
  AppendBytes(&sum, sizeof(sum), bytes);
  return WriteFileAtomically(path, bytes);
}

Result<TensorFile> ReadTensorFile(const Path& path) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(path));
  return Parse(path, bytes);
}

Status WriteCheckpoint(const Path& path, const TensorFile& file) {
  // The old one steps aside only when the new one is whole under another name.
  const Path next = path.string() + ".next";
  RETURN_IF_ERROR(WriteTensorFile(next, file));
  std::error_code failure;
  if (std::filesystem::exists(path, failure)) std::filesystem::rename(path, PreviousOf(path), failure);
  if (!failure) std::filesystem::rename(next, path, failure);
  if (failure) {
    return Error(ErrorCode::kIo, "cannot write checkpoint '" + path.string() + "': " + failure.message());
  }
  return {};
}

Result<TensorFile> ReadCheckpoint(const Path& path) {
  auto newest = ReadTensorFile(path);
  if (newest.ok()) return newest;
  auto previous = ReadTensorFile(PreviousOf(path));
  if (previous.ok()) return previous;
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? std::move(newest) : std::move(previous);
}

bool HasCheckpoint(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) || std::filesystem::exists(PreviousOf(path), ignored);
}

}  // namespace lips
