#include "talker/face_samples.h"

#include <algorithm>
#include <utility>

#include "audio/window.h"
#include "avatar/features_file.h"
#include "talker/window_source.h"

namespace lips {
namespace {

constexpr int kSamples = 8;                    // half of them calibrate, half of them judge
constexpr int64_t kSpeechSamples = 16000 * 8;  // enough to have heard most sounds
constexpr int kRowFloats = 512;                // of packaged features

// Entry `i` of kSamples, spread over `total` in the middle of equal parts.
int64_t Spread(int64_t i, int64_t total) { return (2 * i + 1) * total / (2 * kSamples); }

}  // namespace

Result<std::vector<FaceSample>> SampleFaces(const Avatar& avatar, const SampleSource& source) {
  std::unique_ptr<AudioEncoder> encoder;  // outlives `windows`
  std::unique_ptr<WindowSource> windows;
  int64_t rows = 0;
  if (const auto packaged = avatar.packaged_features(); packaged.ok()) {
    ASSIGN_OR_RETURN(FeatureTrack track, ReadFeatures(packaged.value(), kRowFloats));
    rows = track.count();
    windows = WindowsFromFeatures(std::move(track), source.edge);
  }
  if (rows == 0) {
    ASSIGN_OR_RETURN(const auto model, avatar.audio_encoder_model());
    ASSIGN_OR_RETURN(encoder, OpenAudioEncoder(model, {.session = {.threads = source.threads}, .prove = false}));
    ASSIGN_OR_RETURN(const SpeechFacts speech, InspectSpeech(source.audio, kSpeechSamples));
    rows = speech.feature_rows;
    ASSIGN_OR_RETURN(windows, WindowsFromSpeech(source.audio, speech, source.edge, *encoder));
  }
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  std::vector<FaceSample> samples;
  TemplateFace face;
  for (int i = 0; i < kSamples; ++i) {
    RETURN_IF_ERROR(templates->Read(Spread(i, avatar.video().frames), face));
    FaceSample sample{face.inputs.roi.Clone(), face.inputs.masked.Clone(), {}};
    RETURN_IF_ERROR(windows->Window(Spread(i, rows), sample.audio));
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace lips
