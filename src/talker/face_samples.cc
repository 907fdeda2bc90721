#include "talker/face_samples.h"

#include <memory>
#include <span>
#include <utility>

#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "audio/sample_speech.h"
#include "avatar/features_file.h"
#include "base/sha256.h"
#include "engine/audio_encoder.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr int64_t kSpeechSamples = int64_t{10} * kModelRateHz;  // enough to have heard most sounds
constexpr int kPackagedRowFloats = 512;

struct Rows {
  std::vector<float> values;  // [count, row_floats]
  int row_floats = 0;
  std::string sound;
  int64_t count() const { return static_cast<int64_t>(values.size()) / row_floats; }
};

Result<Rows> EncodeSpeech(const Avatar& avatar, const SampleSource& source, std::span<const float> samples_16k) {
  ASSIGN_OR_RETURN(const FilePart model, avatar.audio_encoder_model());
  ASSIGN_OR_RETURN(const auto encoder,
                   OpenAudioEncoder(model, {.session = {.threads = source.threads}, .prove = false}));
  Rows rows;
  rows.row_floats = encoder->row_floats();
  if (rows.row_floats != source.row_floats.value_or(rows.row_floats)) {
    return Error(ErrorCode::kInvalidInput,
                 "audio encoder '" + model.name() + "' gives rows of " + std::to_string(rows.row_floats) +
                     " values, but the generator hears rows of " + std::to_string(*source.row_floats));
  }
  const EncodeRowsFn encode = [&encoder](std::span<const float> inputs, int64_t count, std::span<float> out) {
    return encoder->Encode(inputs, count, out);
  };
  ASSIGN_OR_RETURN(rows.values, ComputeFeatures(samples_16k, encode, rows.row_floats));
  return rows;
}

Result<Rows> LoadRows(const Avatar& avatar, const SampleSource& source) {
  Rows rows;
  if (source.audio) {
    ASSIGN_OR_RETURN(const Speech speech, ReadSpeech(*source.audio, kSpeechSamples));
    ASSIGN_OR_RETURN(rows, EncodeSpeech(avatar, source, speech.samples_16k));
    rows.sound = source.audio->filename().string();
    return rows;
  }
  if (const auto file = avatar.packaged_features(); file.ok()) {
    ASSIGN_OR_RETURN(FeatureTrack track, ReadFeatures(file.value(), source.row_floats.value_or(kPackagedRowFloats)));
    if (track.count() > 0) return Rows{std::move(track.rows), track.row_floats, "packaged features"};
  }
  ASSIGN_OR_RETURN(rows, EncodeSpeech(avatar, source, SampleSpeech()));
  rows.sound = "sample speech";
  return rows;
}

// Entry `i` of `count` spread over `total`, in the middle of equal parts.
int64_t Spread(int64_t i, int64_t count, int64_t total) { return (2 * i + 1) * total / (2 * count); }

}  // namespace

Result<FaceSamples> SampleFaces(const Avatar& avatar, const SampleSource& source) {
  ASSIGN_OR_RETURN(const Rows rows, LoadRows(avatar, source));
  if (rows.count() == 0) {
    return Error(ErrorCode::kInvalidInput, "'" + rows.sound + "' is too short for one feature row");
  }
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  FaceSamples samples{{}, rows.sound};
  TemplateFace face;
  for (int i = 0; i < source.count; ++i) {
    RETURN_IF_ERROR(templates->Read(Spread(i, source.count, avatar.video().frames), face));
    FaceSample sample{face.inputs.roi.Clone(), face.inputs.masked.Clone(), {}};
    sample.audio.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(rows.row_floats));
    RETURN_IF_ERROR(
        FillWindow(rows.values, rows.row_floats, Spread(i, source.count, rows.count()), source.edge, sample.audio));
    samples.faces.push_back(std::move(sample));
  }
  return samples;
}

Status UseFaceSamples(const Avatar& avatar, GeneratorOptions& options) {
  options.samples = [&avatar, threads = options.session.threads]() -> Result<std::vector<FaceSample>> {
    ASSIGN_OR_RETURN(FaceSamples samples, SampleFaces(avatar, {.threads = threads}));
    return std::move(samples.faces);
  };
  // Whatever they depend on.
  Sha256 key;
  ASSIGN_OR_RETURN(const std::string pictures, avatar.ContentHash());
  key.AddValues(std::span<const char>(pictures));
  key.AddValues(std::span<const char>(std::string(avatar.uses_package_inputs() ? " package" : " derived")));
  auto sound = avatar.packaged_features();
  if (!sound.ok()) sound = avatar.audio_encoder_model();
  if (sound.ok()) {
    ASSIGN_OR_RETURN(const std::string heard, avatar.HashOf(sound.value()));
    key.AddValues(std::span<const char>(heard));
  }
  options.samples_key = key.Hex();
  return {};
}

}  // namespace lips
