#include "render/job.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "base/sha256.h"
#include "talker/networks.h"

namespace lips {
namespace {

Result<int64_t> SampleLimit(const std::optional<double>& duration_s) {
  if (!duration_s) return int64_t{-1};
  constexpr double kMaxSeconds = 1e6;  // eleven days
  if (!(*duration_s > 0) || *duration_s > kMaxSeconds) {
    return Error(ErrorCode::kInvalidInput,
                 "duration " + std::to_string(*duration_s) + " s is not between 0 and 1000000 s");
  }
  return static_cast<int64_t>(std::llround(*duration_s * kModelRateHz));
}

// Errors: kInvalidInput, naming the number and its range.
Result<WindowTuning> TuningOf(const JobRequest& request) {
  const auto check = [](const char* what, double value, double least, double most) -> Status {
    if (value >= least && value <= most) return {};
    return Error(ErrorCode::kInvalidInput, std::string(what) + " " + std::to_string(value) + " is not between " +
                                               std::to_string(least) + " and " + std::to_string(most));
  };
  RETURN_IF_ERROR(check("mouth gain", request.mouth_gain, 0, 2));
  RETURN_IF_ERROR(check("audio smoothing", request.smooth_audio, 0, 1));
  RETURN_IF_ERROR(check("A/V offset in ms", request.av_offset_ms, -1000, 1000));
  WindowTuning tuning;
  tuning.shape = {.rest_in_silence = request.rests_in_silence(), .mouth_gain = static_cast<float>(request.mouth_gain)};
  tuning.smoothing = static_cast<float>(request.smooth_audio / 3);
  tuning.offset_samples = std::llround(request.av_offset_ms * kModelRateHz / 1000);
  return tuning;
}

Status CheckComposite(const JobRequest& request) {
  if (request.composite == CompositeMode::kCompatible && request.used_rectangles() == Rectangles::kSmooth) {
    return Error(ErrorCode::kInvalidInput,
                 "smooth rectangles lie between pixels, which compatible compositing knows nothing of; they go with "
                 "natural compositing");
  }
  if (request.feather >= kMinFeather && request.feather <= kMaxFeather) return {};
  return Error(ErrorCode::kInvalidInput, "feather " + std::to_string(request.feather) + " is not between " +
                                             std::to_string(kMinFeather) + " and " + std::to_string(kMaxFeather));
}

// Packaged features stand in for the encoder: the shorter of audio and features ends the video.
Status UseFeatureFile(const JobRequest& request, const WindowTuning& tuning, Job& job) {
  if (request.silence_gate.value_or(false) || request.mouth_gain != 1) {
    return Error(ErrorCode::kInvalidInput,
                 "the features of '" + request.features->string() +
                     "' take the place of the audio, so silence cannot be put to rest in them "
                     "nor the mouth's opening changed");
  }
  const int64_t row_floats = job.generator->audio_floats() / kWindowRows;
  ASSIGN_OR_RETURN(FeatureTrack track, ReadFeatures(*request.features, static_cast<int>(row_floats)));
  ASSIGN_OR_RETURN(job.features_sha256, Sha256OfFile(*request.features));
  if (track.count() == 0) {
    return Error(ErrorCode::kInvalidInput, "'" + request.features->string() + "' holds no feature rows");
  }
  job.speech.feature_rows = std::min(job.speech.feature_rows, track.count());
  job.windows = WindowsFromFeatures(std::move(track), request.edge, tuning);
  return {};
}

}  // namespace

Status CheckOutputPath(const JobRequest& request, const Path& output) {
  std::error_code failed;  // paths that cannot be resolved are not the same; opening them says the rest
  if (std::filesystem::equivalent(output, request.audio, failed)) {
    return Error(ErrorCode::kInvalidInput, "cannot write '" + output.string() + "': it is the audio to be spoken");
  }
  const Path avatar = std::filesystem::weakly_canonical(request.avatar, failed);
  const Path target = std::filesystem::weakly_canonical(output, failed);
  const auto [end, ignored] = std::mismatch(avatar.begin(), avatar.end(), target.begin(), target.end());
  if (!failed && !avatar.empty() && avatar == target) {
    return Error(ErrorCode::kInvalidInput, "cannot write '" + output.string() + "': it is the avatar");
  }
  if (!failed && !avatar.empty() && end == avatar.end()) {
    return Error(ErrorCode::kInvalidInput,
                 "cannot write '" + output.string() + "': it lies in the avatar's folder; choose another place");
  }
  return {};
}

Result<Job> OpenSources(const JobRequest& request) {
  Job job;
  ASSIGN_OR_RETURN(const int64_t max_samples, SampleLimit(request.duration_s));
  RETURN_IF_ERROR(CheckComposite(request));
  AvatarOptions options = request.avatar_options;
  options.rectangles = request.used_rectangles();
  ASSIGN_OR_RETURN(Avatar avatar, Avatar::Open(request.avatar, options));
  job.avatar = std::make_unique<Avatar>(std::move(avatar));
  ASSIGN_OR_RETURN(job.speech, InspectSpeech(request.audio, max_samples));
  return job;
}

Status OpenNetworks(const JobRequest& request, Job& job) {
  const bool no_network = request.engine.session.backend == Backend::kNull && request.engine.remote.empty();
  if (no_network && request.features) {
    return Error(ErrorCode::kInvalidInput, "the null engine runs no network, so it cannot use the features of '" +
                                               request.features->string() + "'");
  }
  ASSIGN_OR_RETURN(const WindowTuning tuning, TuningOf(request));
  ASSIGN_OR_RETURN(Networks networks,
                   OpenNetworks(*job.avatar, {.engine = request.engine,
                                              .other_model = request.avatar_options.model.has_value(),
                                              .with_encoder = !request.features}));
  job.generator = std::move(networks.generator);
  job.encoder = std::move(networks.encoder);
  job.model_sha256 = std::move(networks.model_sha256);
  job.encoder_sha256 = std::move(networks.encoder_sha256);
  if (no_network) {
    job.windows = NoWindows();
  } else if (request.features) {
    RETURN_IF_ERROR(UseFeatureFile(request, tuning, job));
  } else {
    ASSIGN_OR_RETURN(job.windows, WindowsFromSpeech(request.audio, job.speech, request.edge, *job.encoder, tuning));
  }
  return {};
}

Result<Job> OpenJob(const JobRequest& request) {
  ASSIGN_OR_RETURN(Job job, OpenSources(request));
  RETURN_IF_ERROR(OpenNetworks(request, job));
  return job;
}

}  // namespace lips
