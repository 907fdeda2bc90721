#include "bench/material.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "audio/window.h"
#include "avatar/features_file.h"
#include "engine/audio_encoder.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr double kSpeechSeconds = 10;

Result<std::unique_ptr<AudioEncoder>> OpenAnyEncoder(const FilePart& model) {
  GeneratorOptions options;
  options.prove = false;
  options.session.backend = OnnxRuntimeVersion().ok() ? Backend::kOnnxRuntime : Backend::kReference;
  return OpenAudioEncoder(model, options);
}

Result<std::vector<float>> EncodeSpeech(const Avatar& avatar, const std::vector<float>& samples, int row_floats) {
  ASSIGN_OR_RETURN(const FilePart model, avatar.audio_encoder_model());
  ASSIGN_OR_RETURN(const auto encoder, OpenAnyEncoder(model));
  if (encoder->row_floats() != row_floats) {
    return Error(ErrorCode::kInvalidInput,
                 "audio encoder '" + model.name() + "' gives rows of " + std::to_string(encoder->row_floats()) +
                     " values, but the generator hears rows of " + std::to_string(row_floats));
  }
  const EncodeRowsFn encode = [&encoder](std::span<const float> inputs, int64_t count, std::span<float> out) {
    return encoder->Encode(inputs, count, out);
  };
  return ComputeFeatures(samples, encode, row_floats);
}

struct Rows {
  std::vector<float> values;  // [count, row_floats]
  std::string source;
};

Result<Rows> LoadRows(const Avatar& avatar, const std::optional<Path>& audio, int row_floats) {
  Rows rows;
  if (audio) {
    ASSIGN_OR_RETURN(const std::vector<float> samples, ReadBenchSpeech(*audio, kSpeechSeconds));
    ASSIGN_OR_RETURN(rows.values, EncodeSpeech(avatar, samples, row_floats));
    rows.source = audio->filename().string();
    return rows;
  }
  if (const auto file = avatar.packaged_features(); file.ok()) {
    ASSIGN_OR_RETURN(FeatureTrack track, ReadFeatures(file.value(), row_floats));
    rows.values = std::move(track.rows);
    rows.source = "packaged features";
    if (!rows.values.empty()) return rows;
  }
  ASSIGN_OR_RETURN(rows.values, EncodeSpeech(avatar, TestSpeech(), row_floats));
  rows.source = "test signal";
  return rows;
}

// Entry `i` of `count` spread over `total`, first and last left out.
int64_t Spread(int64_t i, int64_t count, int64_t total) { return (2 * i + 1) * total / (2 * count); }

}  // namespace

std::vector<float> TestSpeech() {
  constexpr size_t kSyllableSamples = kModelRateHz / 5;
  std::vector<float> samples(static_cast<size_t>(kSpeechSeconds * kModelRateHz));
  uint32_t noise = 1;
  double phase = 0;
  for (size_t n = 0; n < samples.size(); ++n) {
    const size_t syllable = n / kSyllableSamples;
    const double within = static_cast<double>(n % kSyllableSamples) / kSyllableSamples;
    const double loudness = syllable % 7 == 6 ? 0 : std::pow(std::sin(std::numbers::pi * within), 2);
    phase += 2 * std::numbers::pi * (110 + 15 * static_cast<double>(syllable % 5)) / kModelRateHz;
    noise = noise * 1664525 + 1013904223;
    const double hiss = static_cast<double>(noise >> 16) / 32768 - 1;
    double voice = 0;  // harmonics under a formant that moves with the syllable
    const double formant = 4 + static_cast<double>(syllable % 4) * 3;
    for (int harmonic = 1; harmonic <= 24; ++harmonic) {
      voice += std::sin(harmonic * phase) / (1 + std::pow((harmonic - formant) / 3, 2));
    }
    const bool voiced = syllable % 3 != 2;
    samples[n] = static_cast<float>(loudness * (voiced ? 0.12 * voice + 0.01 * hiss : 0.08 * hiss));
  }
  return samples;
}

Status WriteWav(const Path& path, const std::vector<float>& samples_16k) {
  std::vector<uint8_t> bytes;
  const auto put = [&bytes](uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  const auto tag = [&bytes](std::string_view text) { bytes.insert(bytes.end(), text.begin(), text.end()); };
  const auto data_bytes = static_cast<uint32_t>(2 * samples_16k.size());
  tag("RIFF");
  put(36 + data_bytes, 4);
  tag("WAVEfmt ");
  put(16, 4);
  put(1, 2);  // PCM
  put(1, 2);  // mono
  put(kModelRateHz, 4);
  put(2 * kModelRateHz, 4);
  put(2, 2);
  put(16, 2);
  tag("data");
  put(data_bytes, 4);
  for (const float sample : samples_16k) {
    put(static_cast<uint32_t>(std::lround(std::clamp(sample, -1.0F, 1.0F) * 32767)), 2);
  }
  return WriteFileAtomically(path, bytes);
}

Result<std::vector<float>> ReadBenchSpeech(const Path& audio, double seconds) {
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio, std::llround(seconds * kModelRateHz)));
  std::vector<float> samples;
  std::vector<float> chunk;
  Status status;
  while ((status = stream.Read(chunk)).ok()) samples.insert(samples.end(), chunk.begin(), chunk.end());
  if (status.error().code() != ErrorCode::kEndOfStream) return std::move(status).TakeError();
  return samples;
}

Result<BenchMaterial> LoadBenchMaterial(const Avatar& avatar, const GeneratorBinding& binding,
                                        const std::optional<Path>& audio, int frames) {
  if (binding.size_px != avatar.face().roi_px()) {
    return Error(ErrorCode::kInvalidInput, "the network works on " + std::to_string(binding.size_px) +
                                               " px faces, but the avatar's pictures are " +
                                               std::to_string(avatar.face().roi_px()) + " px");
  }
  const auto row_floats = static_cast<int>(binding.audio_floats() / kWindowRows);
  ASSIGN_OR_RETURN(const Rows rows, LoadRows(avatar, audio, row_floats));
  const int64_t row_count = static_cast<int64_t>(rows.values.size()) / row_floats;
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  BenchMaterial material;
  material.audio = rows.source;
  TemplateFace face;
  for (int i = 0; i < frames; ++i) {
    RETURN_IF_ERROR(templates->Read(Spread(i, frames, avatar.video().frames), face));
    BenchMaterial::Frame frame;
    frame.face = {face.inputs.crop.Clone(), face.inputs.roi.Clone(), face.inputs.masked.Clone()};
    frame.audio.resize(static_cast<size_t>(binding.audio_floats()));
    RETURN_IF_ERROR(FillWindow(rows.values, row_floats, Spread(i, frames, row_count), WindowEdge::kZeros, frame.audio));
    material.frames.push_back(std::move(frame));
  }
  return material;
}

}  // namespace lips
