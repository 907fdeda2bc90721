#include "demo/wav_writer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace lips::demo {
namespace {

constexpr int64_t kMaxSamples = (int64_t{1} << 31) - 64;

std::array<uint8_t, 44> Header(int64_t samples) {
  std::array<uint8_t, 44> header{};
  const auto text = [&](size_t at, std::string_view word) {
    std::ranges::copy(word, header.begin() + static_cast<ptrdiff_t>(at));
  };
  const auto number = [&](size_t at, int64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) header[at + i] = static_cast<uint8_t>(value >> (8 * i));
  };
  text(0, "RIFF");
  number(4, 36 + 2 * samples, 4);
  text(8, "WAVEfmt ");
  number(16, 16, 4);
  number(20, 1, 2);  // PCM
  number(22, 1, 2);  // channels
  number(24, 16000, 4);
  number(28, 32000, 4);
  number(32, 2, 2);
  number(34, 16, 2);
  text(36, "data");
  number(40, 2 * samples, 4);
  return header;
}

}  // namespace

Result<WavWriter> WavWriter::Create(const Path& path) {
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  WavWriter writer(std::move(file));
  writer.stream_.reset(std::fopen(writer.file_.temporary_path().c_str(), "wb"));
  RETURN_IF_ERROR(writer.WriteBytes(Header(0)));
  return writer;
}

Status WavWriter::WriteBytes(std::span<const uint8_t> bytes) {
  if (stream_ && std::fwrite(bytes.data(), 1, bytes.size(), stream_.get()) == bytes.size()) return {};
  return Error(ErrorCode::kIo, "cannot write '" + file_.target_path().string() + "': the disk is full or failing");
}

Status WavWriter::Write(std::span<const float> samples) {
  if (samples_ + std::ssize(samples) > kMaxSamples) {
    return Error(ErrorCode::kResourceLimit, "'" + file_.target_path().string() + "' would pass the 4 GB of a WAV file");
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(2 * samples.size());
  for (const float sample : samples) {
    const float scaled = std::clamp(sample * 32768.F, -32768.F, 32767.F);
    const auto value = static_cast<int>(scaled + (scaled < 0 ? -0.5F : 0.5F));
    bytes.push_back(static_cast<uint8_t>(value));
    bytes.push_back(static_cast<uint8_t>(value >> 8));
  }
  samples_ += std::ssize(samples);
  return WriteBytes(bytes);
}

Status WavWriter::Finish() {
  if (std::fseek(stream_.get(), 0, SEEK_SET) != 0) return WriteBytes({});
  RETURN_IF_ERROR(WriteBytes(Header(samples_)));
  if (std::fclose(stream_.release()) != 0) {
    return Error(ErrorCode::kIo, "cannot write '" + file_.target_path().string() + "': the disk is full or failing");
  }
  return file_.Commit();
}

}  // namespace lips::demo
