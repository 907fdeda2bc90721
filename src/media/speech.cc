#include "media/speech.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "audio/mel.h"
#include "audio/resampler.h"
#include "base/sha256.h"
#include "media/wav_length.h"

namespace lips {
namespace {

constexpr int64_t kMaxSpeechSamples = int64_t{6} * 3600 * kModelRateHz;

}  // namespace

struct SpeechStream::State {
  std::string name;
  AudioReader reader;
  Resampler resampler;
  Sha256 hash;
  std::string sha256;
  bool finished = false;
  int64_t source_frames = 0;
  int64_t samples = 0;
  int64_t max_samples = -1;
  std::vector<float> decoded;

  State(std::string file, AudioReader opened_reader, Resampler opened_resampler)
      : name(std::move(file)), reader(std::move(opened_reader)), resampler(std::move(opened_resampler)) {}

  // Appends what one more decoded frame yields; that may be nothing yet.
  Status Advance(std::vector<float>& out) {
    const Status status = reader.Read(decoded);
    if (status.ok()) {
      source_frames += static_cast<int64_t>(decoded.size()) / reader.info().channels;
      return resampler.Push(decoded, out);
    }
    if (status.error().code() != ErrorCode::kEndOfStream) return status;
    finished = true;
    return resampler.Finish(out);
  }
};

SpeechStream::SpeechStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
SpeechStream::SpeechStream(SpeechStream&&) noexcept = default;
SpeechStream& SpeechStream::operator=(SpeechStream&&) noexcept = default;
SpeechStream::~SpeechStream() = default;

Result<SpeechStream> SpeechStream::Open(const Path& path, int64_t max_samples) {
  ASSIGN_OR_RETURN(AudioReader reader, AudioReader::Open(path));
  RETURN_IF_ERROR(CheckWavIsWhole(path));
  auto resampler = Resampler::Create(reader.info().rate_hz, reader.info().channels);
  if (!resampler.ok()) return std::move(resampler).TakeError().Within("'" + path.string() + "'");
  auto state = std::make_unique<State>(path.string(), std::move(reader), std::move(resampler).value());
  state->max_samples = max_samples;
  return SpeechStream(std::move(state));
}

const AudioInfo& SpeechStream::source() const { return state_->reader.info(); }
int64_t SpeechStream::source_frames() const { return state_->source_frames; }
int64_t SpeechStream::samples() const { return state_->samples; }
const std::string& SpeechStream::sha256() const { return state_->sha256; }

Status SpeechStream::Read(std::vector<float>& out) {
  State& s = *state_;
  out.clear();
  if (s.samples == s.max_samples) s.finished = true;
  while (out.empty() && !s.finished) RETURN_IF_ERROR(s.Advance(out));
  if (s.max_samples >= 0) {
    out.resize(std::min(out.size(), static_cast<size_t>(s.max_samples - s.samples)));
  }
  if (out.empty()) {
    if (s.sha256.empty()) s.sha256 = s.hash.Hex();
    return Error(ErrorCode::kEndOfStream, "end of '" + s.name + "'");
  }
  s.samples += static_cast<int64_t>(out.size());
  s.hash.AddValues(std::span<const float>(out));
  return {};
}

Result<Speech> ReadSpeech(const Path& path, int64_t max_samples) {
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(path, max_samples));
  Speech speech;
  std::vector<float> chunk;
  while (true) {
    const Status status = stream.Read(chunk);
    if (!status.ok() && status.error().code() == ErrorCode::kEndOfStream) break;
    RETURN_IF_ERROR(Status(status));
    if (stream.samples() > kMaxSpeechSamples) {
      return Error(ErrorCode::kResourceLimit, "'" + path.string() + "' holds more than 6 hours of audio");
    }
    speech.samples_16k.insert(speech.samples_16k.end(), chunk.begin(), chunk.end());
  }
  speech.source = stream.source();
  speech.source_frames = stream.source_frames();
  speech.sha256 = stream.sha256();
  return speech;
}

}  // namespace lips
