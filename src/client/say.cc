#include "client/say.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "base/stats.h"
#include "client/film.h"
#include "client/live_client.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr int kRateHz = 16000;
constexpr int64_t kAheadSamples = 5 * kRateHz;  // beyond what was rendered; far below what the server may refuse
constexpr size_t kChunk = kRateHz / 10;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr double kPatienceMs = 60'000;  // without anything new
constexpr int kLeadMs = 10'000;
constexpr int64_t kBehindUs = 5'000'000;  // what we say to hear: the server works ahead, and is never late

double NumberOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_double() : 0;
}

// 25 or "30000/1001"
Result<FrameRate> RateOf(const Json* fps) {
  if (fps == nullptr) return Error(ErrorCode::kCorrupted, "the server does not say its frame rate");
  return ParseFrameRate(fps->is_string() ? fps->as_string() : fps->Dump(/*compact=*/true));
}

// What comes from the server is written by a thread of its own, since coding takes time in which the connection must be
// read.
class Saying {
 public:
  explicit Saying(const SayRequest& request) : request_(request), tick_(loop_) {}
  ~Saying() { EndWriting(); }
  Saying(const Saying&) = delete;
  Saying& operator=(const Saying&) = delete;

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
                                     {"video", Json::Object({{"mode", request_.mode}})},
                                     {"audio_out", "none"},
                                     {"pace", "asap"},
                                     {"max_lead_ms", kLeadMs},
                                     {"idle", "server"}});  // also in silence inside the speech
    LiveClient::Handlers handlers;
    handlers.event = [this](const Json& event) { Keep(OnEvent(event)); };
    handlers.media = [this](const DecodedMedia& media) { Keep(OnMedia(media)); };
    handlers.ended = [this](const Error& why, uint16_t) { Finish(why); };
    client_.emplace(loop_, std::move(options), std::move(handlers));
    client_->Open();
    Tick();
    loop_.Run();
    client_.reset();
    EndWriting();
    if (failure_) return *std::move(failure_);
    report_.seconds = static_cast<double>(samples_.size()) / kRateHz;
    report_.wall_s = wall_.ElapsedMs() / 1000;
    return report_;
  }

 private:
  struct Piece {
    MediaHeader header;
    std::vector<uint8_t> payload;
    int64_t frame = 0;
    bool last = false;  // nothing but the end of the film
  };

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
    film_options_.path = request_.video;
    film_options_.sound = request_.speech;
    film_options_.avatar = report_.avatar;
    film_options_.width = static_cast<int>(NumberOf(*video, "width"));
    film_options_.height = static_cast<int>(NumberOf(*video, "height"));
    if (film_options_.width == 0) {
      film_options_.width = static_cast<int>(NumberOf(*avatar, "width"));
      film_options_.height = static_cast<int>(NumberOf(*avatar, "height"));
    }
    const Json* fps = video->Find("fps");
    ASSIGN_OR_RETURN(film_options_.fps,
                     RateOf(fps != nullptr && fps->as_double() == 0 && !fps->is_string() ? avatar->Find("fps") : fps));
    const FrameRate rate = film_options_.fps;
    total_ = (static_cast<int64_t>(samples_.size()) * rate.num + int64_t{kRateHz} * rate.den - 1) /
             (int64_t{kRateHz} * rate.den);
    if (request_.mode != "patch") return Begin();
    FetchRequest fetch;
    fetch.target = avatar->Find("background_url") != nullptr ? avatar->Find("background_url")->as_string() : "";
    fetch.answer_bytes = uint64_t{1} << 30;
    fetch.limit = std::chrono::minutes(2);
    Fetch(loop_, request_.server, fetch, [this](Result<HttpResponse> answer) {
      if (!answer.ok()) return Finish(answer.error());
      if (answer.value().status != 200) return Finish(ErrorOf(answer.value()));
      const std::string_view body = answer.value().text();
      film_options_.background.assign(body.begin(), body.end());
      Keep(Begin());
    });
    return {};
  }

  Status Begin() {
    ASSIGN_OR_RETURN(film_, MakeFilm(request_.mode, film_options_));
    film_options_.background = {};
    writer_ = std::thread([this] { Write(); });
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

  // Pictures of the speech, and the mouth's rest in its silences; not what comes before and after.
  Status OnMedia(const DecodedMedia& media) {
    quiet_.Restart();
    const MediaHeader& header = media.header;
    const bool init = header.kind == MediaKind::kMp4Init;
    if (header.kind == MediaKind::kAudio || !film_ || over_ || (!init && (header.utterance == 0 || !first_pts_us_))) {
      return {};
    }
    const double fps = film_options_.fps.AsDouble();
    const int64_t since_us = init ? 0 : header.pts_us - *first_pts_us_;
    Piece piece{header, {media.payload.begin(), media.payload.end()}, 0, false};
    piece.frame = std::llround(static_cast<double>(since_us) * fps / 1e6);
    if (!init && received_++ == 0) report_.first_frame_ms = since_first_sample_.ElapsedMs();
    if (piece.frame >= 0 && piece.frame < total_)
      pieces_.Push(std::move(piece));  // room for all that may be on its way
    return {};
  }

  // On the loop: `header` is in the film.
  void OnWritten(const MediaHeader& header, int64_t frame) {
    quiet_.Restart();
    if (header.kind == MediaKind::kMp4Init) return;
    report_.frames = request_.mode == "fmp4" ? frame : report_.frames + 1;
    if (request_.progress) request_.progress(report_.frames, total_);
    const int64_t played_us = std::max<int64_t>(0, header.pts_us - kBehindUs);
    client_->Send(
        Json::Object({{"type", "playback.report"}, {"pts_us", played_us}, {"buffered_ms", 5000}, {"dropped", 0}}));
    SendUpTo((header.pts_us - *first_pts_us_) * kRateHz / 1'000'000 + kAheadSamples);
  }

  Status OnDone(const Json& event) {
    const auto sent = static_cast<int64_t>(NumberOf(event, "frames_sent"));
    const bool pieces = request_.mode == "fmp4";  // several frames each; a lost one is an error
    report_.frames_dropped = static_cast<int64_t>(NumberOf(event, "frames_dropped")) + (pieces ? 0 : sent - received_);
    report_.p50_ms = NumberOf(event, "p50_ms");
    report_.p99_ms = NumberOf(event, "p99_ms");
    if (!film_ || received_ == 0) return Error(ErrorCode::kCorrupted, "the server sent no frame");
    if (pieces) frames_in_pieces_ = sent;
    over_ = true;
    pieces_.Push({{}, {}, total_, true});
    return {};
  }

  // The writing thread. What becomes of it the loop is told.
  void Write() {
    while (auto piece = pieces_.Pop()) {
      Status status =
          piece->last ? film_->Finish(piece->frame) : film_->Add(piece->header, piece->payload, piece->frame);
      const bool last = piece->last || !status.ok();
      loop_.Post([this, header = piece->header, frame = piece->frame, last, status = std::move(status)] {
        if (!status.ok()) return Finish(status.error());
        if (last) return OnFilm();
        OnWritten(header, frame);
      });
      if (last) return;
    }
  }

  void OnFilm() {
    if (frames_in_pieces_ > 0) report_.frames = frames_in_pieces_;
    done_ = true;
    client_->Close();
    loop_.Stop();
  }

  void EndWriting() {
    pieces_.Close();
    if (writer_.joinable()) writer_.join();
    film_.reset();
  }

  const SayRequest& request_;
  Loop loop_;
  Timer tick_;
  std::optional<LiveClient> client_;
  std::vector<int16_t> samples_;
  size_t sent_ = 0;
  int64_t total_ = 0;
  int64_t received_ = 0;  // messages with pictures of the speech
  int64_t frames_in_pieces_ = 0;
  std::optional<int64_t> first_pts_us_;
  bool over_ = false;
  Stopwatch wall_, since_first_sample_, quiet_;
  SayReport report_;
  std::optional<Error> failure_;
  bool done_ = false;
  FilmOptions film_options_;
  std::unique_ptr<Film> film_;  // the writing thread's once it runs
  BoundedQueue<Piece> pieces_{4096};
  std::thread writer_;
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
