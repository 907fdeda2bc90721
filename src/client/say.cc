#include "client/say.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/stats.h"
#include "client/live_client.h"
#include "media/coded_video_writer.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr int kRateHz = 16000;
constexpr int64_t kAheadSamples = 5 * kRateHz;  // beyond what was rendered; far below what the server may refuse
constexpr size_t kChunk = kRateHz / 10;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr double kPatienceMs = 60'000;  // without anything new

double NumberOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_double() : 0;
}

// 25 or "30000/1001"
Result<FrameRate> RateOf(const Json* fps) {
  if (fps == nullptr) return Error(ErrorCode::kCorrupted, "the server does not say its frame rate");
  return ParseFrameRate(fps->is_string() ? fps->as_string() : fps->Dump(/*compact=*/true));
}

class Saying {
 public:
  explicit Saying(const SayRequest& request) : request_(request), tick_(loop_) {}

  Result<SayReport> Run() {
    auto speech = ReadSpeech(request_.speech);
    if (!speech.ok()) return std::move(speech).TakeError();
    for (const float sample : speech.value().samples_16k) {
      samples_.push_back(static_cast<int16_t>(std::lround(std::clamp(sample, -1.0f, 32767.0f / 32768) * 32768)));
    }
    if (samples_.empty()) return Error(ErrorCode::kInvalidInput, "'" + request_.speech.string() + "' holds no sound");
    RETURN_IF_ERROR(AtomicFile::Create(request_.video));  // found out now rather than at the end
    LiveClientOptions options;
    options.server = request_.server;
    options.avatar = request_.avatar;
    options.token = request_.token;
    options.api_key = request_.api_key;
    options.settings = Json::Object({{"audio_in", Json::Object({{"format", "pcm_s16le"}, {"rate", kRateHz}})},
                                     {"video", Json::Object({{"mode", "h264"}})},
                                     {"audio_out", "none"},
                                     {"pace", "asap"},
                                     {"max_lead_ms", 10000},
                                     {"idle", "client"}});
    LiveClient::Handlers handlers;
    handlers.event = [this](const Json& event) { Keep(OnEvent(event)); };
    handlers.media = [this](const DecodedMedia& media) { Keep(OnMedia(media)); };
    handlers.ended = [this](const Error& why, uint16_t) { Finish(why); };
    client_.emplace(loop_, std::move(options), std::move(handlers));
    client_->Open();
    Tick();
    loop_.Run();
    client_.reset();
    if (failure_) return *std::move(failure_);
    report_.seconds = static_cast<double>(samples_.size()) / kRateHz;
    report_.wall_s = wall_.ElapsedMs() / 1000;
    return report_;
  }

 private:
  void Keep(const Status& status) {
    if (!status.ok()) Finish(status.error());
  }

  void Finish(const Error& why) {
    if (!done_ && !failure_) failure_ = why;
    loop_.Stop();
  }

  void Tick() {
    if (request_.stop != nullptr && request_.stop->raised()) {
      return Finish(Error(ErrorCode::kCancelled, "stopped on request"));
    }
    if (quiet_.ElapsedMs() > kPatienceMs) {
      return Finish(Error(ErrorCode::kIo, "nothing came from the server for a minute"));
    }
    tick_.After(kTick, [this] { Tick(); });
  }

  Status OnEvent(const Json& event) {
    quiet_.Restart();
    const std::string& type = event.Find("type") != nullptr ? event.Find("type")->as_string() : event.as_string();
    if (type == "session.created") return OnCreated(event);
    if (type == "utterance.started" && !first_pts_us_)
      first_pts_us_ = static_cast<int64_t>(NumberOf(event, "first_pts_us"));
    if (type == "utterance.done" && sent_ == samples_.size()) return OnDone(event);
    return {};
  }

  Status OnCreated(const Json& event) {
    report_.connect_ms = wall_.ElapsedMs();
    report_.session = event.Find("session_id") != nullptr ? event.Find("session_id")->as_string() : "";
    const Json* avatar = event.Find("avatar");
    const Json* video = event.Find("video");
    if (avatar == nullptr || video == nullptr)
      return Error(ErrorCode::kCorrupted, "session.created lacks avatar or video");
    report_.avatar = avatar->Find("id") != nullptr ? avatar->Find("id")->as_string() : "";
    CodedVideoOptions options;
    options.width = static_cast<int>(NumberOf(*video, "width"));
    options.height = static_cast<int>(NumberOf(*video, "height"));
    if (options.width == 0) {
      options.width = static_cast<int>(NumberOf(*avatar, "width"));
      options.height = static_cast<int>(NumberOf(*avatar, "height"));
    }
    // What the container holds is even; the server pads likewise.
    options.width += options.width % 2;
    options.height += options.height % 2;
    const Json* fps = video->Find("fps");
    ASSIGN_OR_RETURN(fps_,
                     RateOf(fps != nullptr && fps->as_double() == 0 && !fps->is_string() ? avatar->Find("fps") : fps));
    options.fps = fps_;
    options.audio = request_.speech;
    options.metadata = {{"comment", "synthetic: made by Lipstream, avatar " + report_.avatar}};
    ASSIGN_OR_RETURN(CodedVideoWriter writer, CodedVideoWriter::Create(request_.video, options));
    writer_.emplace(std::move(writer));
    total_ = (static_cast<int64_t>(samples_.size()) * fps_.num + int64_t{kRateHz} * fps_.den - 1) /
             (int64_t{kRateHz} * fps_.den);
    since_first_sample_.Restart();
    SendUpTo(kAheadSamples);
    return {};
  }

  void SendUpTo(int64_t end) {
    const size_t until = std::min(samples_.size(), static_cast<size_t>(std::max<int64_t>(end, 0)));
    if (sent_ == samples_.size()) return;
    while (sent_ < until) {
      const size_t count = std::min(kChunk, until - sent_);
      client_->SendAudio(std::span(samples_).subspan(sent_, count));
      sent_ += count;
    }
    if (sent_ == samples_.size()) client_->Send(Json::Object({{"type", "input_audio.commit"}, {"utterance", "say"}}));
  }

  Status OnMedia(const DecodedMedia& media) {
    quiet_.Restart();
    const MediaHeader& header = media.header;
    if (header.kind != MediaKind::kFrame || header.codec != MediaCodec::kH264 || (header.flags & kMediaIdle) != 0)
      return {};
    if (!writer_ || !first_pts_us_) return {};
    if (report_.frames == 0) report_.first_frame_ms = since_first_sample_.ElapsedMs();
    const int64_t since_us = header.pts_us - *first_pts_us_;
    const auto frame = static_cast<int64_t>(std::llround(static_cast<double>(since_us) * fps_.AsDouble() / 1e6));
    const auto heard = static_cast<int64_t>(static_cast<double>(since_us) / 1e6 * kRateHz);
    // Reporting what has come as played lets the server go on at once.
    client_->Send(
        Json::Object({{"type", "playback.report"}, {"pts_us", header.pts_us}, {"buffered_ms", 0}, {"dropped", 0}}));
    SendUpTo(heard + kAheadSamples);
    if (frame < 0 || frame >= total_) return {};  // the mouth closing after the last sound
    RETURN_IF_ERROR(writer_->Write(media.payload, frame, (header.flags & kMediaKey) != 0));
    ++report_.frames;
    if (request_.progress) request_.progress(report_.frames, total_);
    return {};
  }

  Status OnDone(const Json& event) {
    report_.frames_dropped = static_cast<int64_t>(NumberOf(event, "frames_dropped"));
    report_.p50_ms = NumberOf(event, "p50_ms");
    report_.p99_ms = NumberOf(event, "p99_ms");
    if (!writer_ || report_.frames == 0) return Error(ErrorCode::kCorrupted, "the server sent no frame");
    RETURN_IF_ERROR(writer_->Finish(total_));
    done_ = true;
    client_->Close();
    loop_.Stop();
    return {};
  }

  const SayRequest& request_;
  Loop loop_;
  Timer tick_;
  std::optional<LiveClient> client_;
  std::optional<CodedVideoWriter> writer_;
  std::vector<int16_t> samples_;
  size_t sent_ = 0;
  FrameRate fps_;
  int64_t total_ = 0;
  std::optional<int64_t> first_pts_us_;
  Stopwatch wall_, since_first_sample_, quiet_;
  SayReport report_;
  std::optional<Error> failure_;
  bool done_ = false;
};

}  // namespace

Json SayReport::ToJson() const {
  return Json::Object({{"avatar", avatar},
                       {"session", session},
                       {"frames", frames},
                       {"frames_dropped", frames_dropped},
                       {"seconds", seconds},
                       {"wall_s", wall_s},
                       {"connect_ms", connect_ms},
                       {"first_frame_ms", first_frame_ms},
                       {"server_p50_ms", p50_ms},
                       {"server_p99_ms", p99_ms}});
}

Result<SayReport> Say(const SayRequest& request) { return Saying(request).Run(); }

}  // namespace lips
