#include "live/session.h"

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "audio/mel.h"
#include "audio/resampler.h"
#include "capi/avatar.h"
#include "capi/frame_queue.h"
#include "capi/pcm.h"
#include "capi/sized_struct.h"
#include "image/colour.h"
#include "live/host.h"

using lips::capi::FrameQueue;

struct lips_session {
  std::shared_ptr<FrameQueue> queue;
  std::shared_ptr<lips::LiveSession> live;
  int rate_hz = 16000;
  int channels = 1;
  lips_pcm pcm = LIPS_PCM_S16;
  lips_pixels pixels = LIPS_PIXELS_I420;
  mutable lips::capi::ErrorText error;

  // The pushing thread's.
  std::optional<lips::Resampler> resampler;  // of the open utterance
  int64_t start_16k = 0;                     // where it started
  int64_t pushed_16k = 0;
  bool finished = false;
  std::vector<float> values, samples;

  // The pulling thread's.
  FrameQueue::Frame frame;
  lips::Image bgr;
};

namespace lips::capi {
namespace {

constexpr char kAvatarId[] = "avatar";
constexpr int kMaxWaitingSeconds = 30;
constexpr int kUnlimited = std::numeric_limits<int>::max();

lips_session_options DefaultOptions() {
  lips_session_options options = {};
  options.struct_size = sizeof(options);
  options.rate_hz = 16000;
  options.channels = 1;
  options.pcm = LIPS_PCM_S16;
  options.pixels = LIPS_PIXELS_I420;
  options.ahead_frames = 16;
  return options;
}

// Nobody needs protection from a program that uses us as a library: it waits as long as it likes.
LiveHostOptions HostOptions(const JobRequest& job) {
  LiveHostOptions options;
  options.composite = job.composite;
  options.admit_all = true;
  SessionLimits& limits = options.limits;
  limits.audio_message_ms = limits.audio_pause_ms = limits.audio_queue_ms = kUnlimited;
  limits.first_message_ms = limits.idle_ms = limits.session_ms = limits.stall_ms = kUnlimited;
  return options;
}

// Loads the networks, once.
Result<LiveHost*> HostOf(lips_avatar& avatar) {
  const std::scoped_lock lock(avatar.mutex);
  if (avatar.host != nullptr) return avatar.host.get();
  ASSIGN_OR_RETURN(std::unique_ptr<LiveHost> host, LiveHost::Create(HostOptions(avatar.job)));
  LiveAvatarOptions options;
  options.avatar = avatar.job.avatar_options;
  options.engine = avatar.job.engine;
  options.template_bytes = avatar.template_bytes;
  options.frames_per_second = 1000;  // only admission asks, and everybody is admitted
  RETURN_IF_ERROR(host->LoadAvatar(kAvatarId, avatar.job.avatar, options));
  avatar.host = std::move(host);
  return avatar.host.get();
}

Status CheckOptions(const lips_session_options& options) {
  RETURN_IF_ERROR(Resampler::Create(options.rate_hz, options.channels));
  if (BytesOf(options.pcm) == 0) {
    return Error(ErrorCode::kInvalidInput, "pcm is " + std::to_string(options.pcm) + "; expected a LIPS_PCM_...");
  }
  if (options.pixels != LIPS_PIXELS_I420 && options.pixels != LIPS_PIXELS_BGR) {
    return Error(ErrorCode::kInvalidInput,
                 "pixels is " + std::to_string(options.pixels) + "; expected LIPS_PIXELS_I420 or LIPS_PIXELS_BGR");
  }
  if (options.ahead_frames < 1 || options.ahead_frames > 250) {
    return Error(ErrorCode::kInvalidInput,
                 "ahead_frames is " + std::to_string(options.ahead_frames) + "; expected 1..250");
  }
  return {};
}

Status Open(lips_avatar* avatar, const lips_session_options* given, lips_session** out) {
  RETURN_IF_ERROR(NotNull(out, "session"));
  *out = nullptr;
  RETURN_IF_ERROR(NotNull(avatar, "avatar"));
  ASSIGN_OR_RETURN(const lips_session_options options, ReadStruct(given, DefaultOptions(), "options"));
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(LiveHost* const host, HostOf(*avatar));

  FrameQueue::Shape shape;
  shape.fps = avatar->avatar.video().fps;
  shape.rate_hz = options.rate_hz;
  shape.bytes_per_sample = BytesOf(options.pcm) * static_cast<size_t>(options.channels);
  shape.room = static_cast<size_t>(options.ahead_frames);
  shape.max_samples = static_cast<size_t>(options.rate_hz) * kMaxWaitingSeconds;
  auto session = std::make_unique<lips_session>();
  session->queue = std::make_shared<FrameQueue>(shape);
  session->rate_hz = options.rate_hz;
  session->channels = options.channels;
  session->pcm = options.pcm;
  session->pixels = options.pixels;

  SessionSettings settings;
  settings.avatar = kAvatarId;
  settings.audio_format = PcmFormat::kF32;
  settings.audio_rate_hz = kModelRateHz;
  settings.mode = VideoMode::kRaw;
  settings.pace = Pace::kFree;
  settings.idle = IdleMode::kClient;
  settings.composite = avatar->job.composite;
  settings.start_frame = options.start_frame;
  LiveHost::Opened opened = host->OpenSession(settings, session->queue, true);
  if (const auto* refusal = std::get_if<ProtocolError>(&opened)) {
    return Error(ErrorCode::kInvalidInput, refusal->message);
  }
  session->live = std::get<std::shared_ptr<LiveSession>>(std::move(opened));
  *out = session.release();
  return {};
}

Status CheckOpen(const lips_session* session) {
  RETURN_IF_ERROR(NotNull(session, "session"));
  return session->finished ? Error(ErrorCode::kInvalidInput, "the session is finished: nothing more can be pushed")
                           : Status();
}

void HandOn(lips_session& session) {
  session.live->PushSamples(session.samples);
  session.pushed_16k += static_cast<int64_t>(session.samples.size());
}

Status Push(lips_session* session, const void* pcm, size_t samples) {
  RETURN_IF_ERROR(CheckOpen(session));
  if (samples == 0) return {};
  RETURN_IF_ERROR(NotNull(pcm, "pcm"));
  if (samples > static_cast<size_t>(session->rate_hz) * kMaxWaitingSeconds) {
    return Error(ErrorCode::kResourceLimit, std::to_string(samples) + " samples at once; at most " +
                                                std::to_string(kMaxWaitingSeconds) + " s may wait");
  }
  const size_t values = samples * static_cast<size_t>(session->channels);
  if (!session->resampler) {
    ASSIGN_OR_RETURN(session->resampler, Resampler::Create(session->rate_hz, session->channels));
    session->start_16k = session->pushed_16k;
  }
  const auto* bytes = static_cast<const uint8_t*>(pcm);
  RETURN_IF_ERROR(session->queue->Append(session->start_16k, {bytes, values * BytesOf(session->pcm)}));
  session->values.clear();
  AppendFloats(session->pcm, pcm, values, session->values);
  session->samples.clear();
  RETURN_IF_ERROR(session->resampler->Push(session->values, session->samples));
  HandOn(*session);
  return {};
}

Status Commit(lips_session* session) {
  RETURN_IF_ERROR(CheckOpen(session));
  if (!session->resampler) return {};  // nothing was pushed since
  session->samples.clear();
  RETURN_IF_ERROR(session->resampler->Finish(session->samples));
  session->resampler.reset();
  HandOn(*session);
  session->live->Commit();
  return {};
}

Status Interrupt(lips_session* session) {
  RETURN_IF_ERROR(NotNull(session, "session"));
  session->resampler.reset();
  session->queue->Interrupt();  // what the host sends of it until it knows has no utterance here any more
  session->live->Clear();
  return {};
}

Status Finish(lips_session* session) {
  RETURN_IF_ERROR(Commit(session));
  session->finished = true;
  session->queue->Finish();
  return {};
}

lips_frame Describe(lips_session& session) {
  const FrameQueue::Frame& pulled = session.frame;
  const ConstYuvView picture = pulled.picture->view();
  lips_frame frame = {};
  frame.struct_size = sizeof(frame);
  frame.pts_us = pulled.pts_us;
  frame.index = pulled.index;
  frame.utterance = pulled.utterance;
  frame.flags = (pulled.last ? LIPS_FRAME_LAST : 0) | (pulled.utterance == 0 ? LIPS_FRAME_IDLE : 0);
  frame.width = picture.width();
  frame.height = picture.height();
  frame.pixels = session.pixels;
  frame.matrix = picture.format.matrix == YuvMatrix::kBt709 ? 709 : 601;
  frame.full_range = picture.format.range == YuvRange::kFull ? 1 : 0;
  if (session.pixels == LIPS_PIXELS_BGR) {
    session.bgr.Resize(picture.width(), picture.height());
    YuvToBgr(picture, session.bgr.view());
    frame.plane[0] = session.bgr.view().data;
    frame.stride[0] = session.bgr.view().stride_bytes;
  } else {
    const std::array<ConstPlaneView, 3> planes = {picture.y, picture.u, picture.v};
    for (size_t i = 0; i < planes.size(); ++i) {
      frame.plane[i] = planes[i].data;
      frame.stride[i] = planes[i].stride_bytes;
    }
  }
  const size_t bytes_per_sample = BytesOf(session.pcm) * static_cast<size_t>(session.channels);
  frame.audio = pulled.audio.empty() ? nullptr : pulled.audio.data();
  frame.audio_samples = pulled.audio.size() / bytes_per_sample;
  return frame;
}

Status Pull(lips_session* session, lips_frame* out, int timeout_ms) {
  RETURN_IF_ERROR(NotNull(session, "session"));
  RETURN_IF_ERROR(NotNull(out, "frame"));
  RETURN_IF_ERROR(CheckSize<lips_frame>(out->struct_size, "frame"));
  const Status pulled = session->queue->Pull(timeout_ms, session->frame);
  if (const std::string trouble = session->queue->TakeTrouble(); !trouble.empty()) session->error.Set(trouble);
  RETURN_IF_ERROR(pulled);
  session->live->Wake();  // there is room for another
  return WriteStruct(Describe(*session), out, "frame");
}

ErrorText* TextOf(const lips_session* session) { return session != nullptr ? &session->error : nullptr; }

}  // namespace
}  // namespace lips::capi

using lips::capi::Guard;
using lips::capi::TextOf;

void lips_session_options_init(lips_session_options* options, size_t struct_size) {
  lips::capi::InitStruct(lips::capi::DefaultOptions(), options, struct_size);
}

void lips_frame_init(lips_frame* frame, size_t struct_size) { lips::capi::InitStruct({}, frame, struct_size); }

int lips_session_open(lips_avatar* avatar, const lips_session_options* options, lips_session** session) {
  return Guard(avatar != nullptr ? &avatar->error : nullptr,
               [&] { return lips::capi::Open(avatar, options, session); });
}

void lips_session_close(lips_session* session) {
  if (session == nullptr) return;
  Guard(nullptr, [&]() -> lips::Status {
    session->live->Close(lips::CloseCode::kNormal, "closed by the program");
    return {};
  });
  delete session;
}

size_t lips_session_error(const lips_session* session, char* text, size_t size) {
  if (session != nullptr) return session->error.CopyTo(text, size);
  if (text != nullptr && size > 0) *text = '\0';
  return 0;
}

int lips_session_push(lips_session* session, const void* pcm, size_t samples) {
  return Guard(TextOf(session), [&] { return lips::capi::Push(session, pcm, samples); });
}

int lips_session_commit(lips_session* session) {
  return Guard(TextOf(session), [&] { return lips::capi::Commit(session); });
}

int lips_session_interrupt(lips_session* session) {
  return Guard(TextOf(session), [&] { return lips::capi::Interrupt(session); });
}

int lips_session_finish(lips_session* session) {
  return Guard(TextOf(session), [&] { return lips::capi::Finish(session); });
}

int lips_session_pull(lips_session* session, lips_frame* frame, int timeout_ms) {
  return Guard(TextOf(session), [&] { return lips::capi::Pull(session, frame, timeout_ms); });
}
