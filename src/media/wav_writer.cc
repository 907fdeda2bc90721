#include "media/wav_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lips {
namespace {

constexpr int kMaxRateHz = 768'000;
constexpr int64_t kMaxSamples = (int64_t{1} << 31) - 64;

std::array<uint8_t, 44> Header(int64_t samples, int rate_hz) {
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
  number(24, rate_hz, 4);
  number(28, int64_t{2} * rate_hz, 4);  // bytes a second
  number(32, 2, 2);                     // bytes a sample
  number(34, 16, 2);                    // bits
  text(36, "data");
  number(40, 2 * samples, 4);
  return header;
}

}  // namespace

Result<WavWriter> WavWriter::Create(const Path& path, int rate_hz) {
  if (rate_hz < 1 || rate_hz > kMaxRateHz) {
    return Error(ErrorCode::kInvalidInput, "a sample rate of " + std::to_string(rate_hz) + " Hz");
  }
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  WavWriter writer(std::move(file), rate_hz);
  writer.stream_.reset(std::fopen(writer.file_.temporary_path().c_str(), "wb"));
  RETURN_IF_ERROR(writer.WriteBytes(Header(0, rate_hz)));
  return writer;
}

Error WavWriter::Failed() const {
  return {ErrorCode::kIo, "cannot write '" + file_.target_path().string() + "': the disk is full or failing"};
}

Status WavWriter::WriteBytes(std::span<const uint8_t> bytes) {
  if (stream_ && std::fwrite(bytes.data(), 1, bytes.size(), stream_.get()) == bytes.size()) return {};
  return Failed();
}

Status WavWriter::Write(std::span<const float> samples) {
  if (std::ssize(samples) > kMaxSamples - samples_) {
    return Error(ErrorCode::kResourceLimit, "'" + file_.target_path().string() + "' would pass the 4 GB of a WAV file");
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(2 * samples.size());
  for (const float sample : samples) {
    const float scaled = std::isfinite(sample) ? sample * 32768 : 0;
    const auto value = std::lround(std::clamp(scaled, -32768.0F, 32767.0F));
    bytes.push_back(static_cast<uint8_t>(value));
    bytes.push_back(static_cast<uint8_t>(value >> 8));
  }
  samples_ += std::ssize(samples);
  return WriteBytes(bytes);
}

Status WavWriter::Finish() {
  if (std::fseek(stream_.get(), 0, SEEK_SET) != 0) return Failed();
  RETURN_IF_ERROR(WriteBytes(Header(samples_, rate_hz_)));
  if (std::fclose(stream_.release()) != 0) return Failed();
  return file_.Commit();
}

Status WriteSpeechWav(const Path& path, std::span<const float> samples, int rate_hz) {
  ASSIGN_OR_RETURN(WavWriter writer, WavWriter::Create(path, rate_hz));
  RETURN_IF_ERROR(writer.Write(samples));
  return writer.Finish();
}

}  // namespace lips
