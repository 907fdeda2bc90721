#include "media/wav_length.h"

#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace lips {
namespace {

constexpr size_t kHeadBytes = 64 * 1024;
constexpr size_t kChunkHeader = 8;               // four letters, size
constexpr uint32_t kUnknownLength = 0xFFFFFF00;  // writers into pipes leave this or more

uint32_t LittleEndian32(std::span<const uint8_t> bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

bool Spells(std::span<const uint8_t> bytes, std::string_view letters) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), 4) == letters;
}

}  // namespace

Status CheckWavIsWhole(std::span<const uint8_t> head, uint64_t file_bytes) {
  if (head.size() < 12 || !Spells(head, "RIFF") || !Spells(head.subspan(8), "WAVE")) return {};
  for (size_t at = 12; at + kChunkHeader <= head.size();) {
    const uint32_t size = LittleEndian32(head.subspan(at + 4));
    if (Spells(head.subspan(at), "data")) {
      const uint64_t held = file_bytes - (at + kChunkHeader);
      if (size == 0 || size >= kUnknownLength || size <= held) return {};
      return Error(ErrorCode::kCorrupted, "the WAV file is cut short: its header promises " + std::to_string(size) +
                                              " bytes of audio, it holds " + std::to_string(held));
    }
    at += kChunkHeader + size_t{size} + size % 2;  // chunks are padded to even sizes
  }
  return {};
}

Status CheckWavIsWhole(const Path& path) {
  std::error_code error;
  const auto file_bytes = std::filesystem::file_size(path, error);
  if (error) return {};
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  const auto read = static_cast<size_t>(file.gcount());
  Status status = CheckWavIsWhole(std::span(reinterpret_cast<const uint8_t*>(head.data()), read), file_bytes);
  if (status.ok()) return status;
  return std::move(status).TakeError().Within("'" + path.string() + "'");
}

}  // namespace lips
