#include "bench/live_bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "audio/mel.h"
#include "audio/sample_speech.h"
#include "base/stats.h"
#include "bench/server_use.h"
#include "client/live_client.h"
#include "media/speech.h"

namespace lips {
namespace {

constexpr int kRateHz = 16000;
constexpr int64_t kChunk = kRateHz / 25;
constexpr double kLateMs = 100;
constexpr auto kTick = std::chrono::milliseconds(10);

double NumberOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_double() : 0;
}

std::string TextOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_string() : "";
}

double CpuSeconds() {
  rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// What all sessions add to.
struct Totals {
  DurationStats latency, server_latency, interrupt;
  int64_t frames = 0, late = 0, gaps = 0, dropped = 0, interrupts = 0, violations = 0;
  int64_t connected = 0, refused = 0, lost = 0;
  double session_seconds = 0;
  std::map<std::string, int64_t> warnings, errors;
};

class BenchSession {
 public:
  BenchSession(Loop& loop, const LiveBenchRequest& request, const std::vector<int16_t>& speech, size_t start,
               Totals& totals)
      : request_(request), speech_(speech), at_(start % speech.size()), totals_(totals) {
    LiveClientOptions options;
    options.server = request.server;
    options.avatar = request.avatar;
    options.token = request.token;
    options.api_key = request.api_key;
    options.settings = Json::Object({{"audio_in", Json::Object({{"format", "pcm_s16le"}, {"rate", kRateHz}})},
                                     {"video", Json::Object({{"mode", request.mode}})},
                                     {"pace", "asap"},
                                     {"idle", "client"}});
    LiveClient::Handlers handlers;
    handlers.event = [this](const Json& event) { OnEvent(event); };
    handlers.media = [this](const DecodedMedia& media) { OnMedia(media.header); };
    handlers.ended = [this](const Error& why, uint16_t code) { OnEnd(why, code); };
    client_ = std::make_unique<LiveClient>(loop, std::move(options), std::move(handlers));
    client_->Open();
  }

  bool open() const { return open_; }
  bool over() const { return over_; }

  // Sends what a microphone would have given by now; interrupts when it is time to.
  void Speak() {
    if (!open_ || over_) return;
    const double now_ms = clock_.ElapsedMs();
    if (request_.silent) {
      constexpr double kPingMs = 10'000;  // a session without any message ends
      if (now_ms < next_ping_ms_) return;
      next_ping_ms_ = now_ms + kPingMs;
      return client_->Send(Json::Object({{"type", "ping"}, {"t", now_ms}}));
    }
    while (static_cast<double>(sent_ms_.size()) * 40 <= now_ms) {
      std::vector<int16_t> chunk(kChunk);
      for (int16_t& sample : chunk) {
        sample = speech_[at_];
        at_ = (at_ + 1) % speech_.size();
      }
      client_->SendAudio(chunk);
      sent_ms_.push_back(now_ms);
    }
    const double every_ms = request_.interrupt_every_s * 1000;
    if (every_ms > 0 && now_ms >= next_interrupt_ms_ && cleared_at_ms_ < 0) {
      next_interrupt_ms_ = now_ms + every_ms;
      if (started_utterance_ <= cleared_utterance_) return;  // nothing to interrupt
      cleared_at_ms_ = now_ms;
      client_->Send(Json::Object({{"type", "input_audio.clear"}}));
    }
  }

  void Close() {
    if (open_ && !over_) {
      totals_.session_seconds += clock_.ElapsedMs() / 1000;
      client_->Close();
    }
    closing_ = true;
  }

 private:
  void OnEvent(const Json& event) {
    const std::string type = TextOf(event, "type");
    if (type == "session.created") {
      open_ = true;
      ++totals_.connected;
      lookahead_ms_ = NumberOf(event, "lookahead_ms");
      clock_.Restart();
      next_interrupt_ms_ = request_.interrupt_every_s * 1000;
    } else if (type == "utterance.started") {
      started_utterance_ = static_cast<int64_t>(NumberOf(event, "utterance"));
      const double start_ms = NumberOf(event, "start_sample") * 1000 / kRateHz;
      sound_at_ms_ = start_ms - NumberOf(event, "first_pts_us") / 1000;
    } else if (type == "output.cleared") {
      cleared_utterance_ = std::max(cleared_utterance_, static_cast<int64_t>(NumberOf(event, "utterance")));
      if (cleared_at_ms_ >= 0) {
        totals_.interrupt.Add(clock_.ElapsedMs() - cleared_at_ms_);
        ++totals_.interrupts;
      }
      cleared_at_ms_ = -1;
    } else if (type == "utterance.done") {
      totals_.dropped += static_cast<int64_t>(NumberOf(event, "frames_dropped"));
    } else if (type == "warning") {
      ++totals_.warnings[TextOf(event, "code")];
    } else if (type == "error" && event.Find("error") != nullptr) {
      ++totals_.errors[TextOf(*event.Find("error"), "code")];
    }
  }

  void OnMedia(const MediaHeader& header) {
    if (next_seq_ && header.seq != *next_seq_) totals_.gaps += static_cast<int64_t>(header.seq - *next_seq_);
    next_seq_ = header.seq + 1;
    if (header.utterance != 0 && header.utterance <= cleared_utterance_) ++totals_.violations;
    if (header.kind != MediaKind::kFrame && header.kind != MediaKind::kPatch) return;
    ++totals_.frames;
    if ((header.flags & kMediaIdle) != 0) return;
    totals_.server_latency.Add(header.server_latency_us / 1000.0);
    const double needed_ms = static_cast<double>(header.pts_us) / 1000 + sound_at_ms_ + lookahead_ms_;
    const auto chunk = static_cast<size_t>(std::ceil(needed_ms / 40)) - 1;
    if (chunk >= sent_ms_.size()) return;
    const double latency_ms = clock_.ElapsedMs() - sent_ms_[chunk];
    totals_.latency.Add(latency_ms);
    if (latency_ms > kLateMs) ++totals_.late;
  }

  void OnEnd(const Error& why, uint16_t code) {
    over_ = true;
    if (closing_ && code == kCloseNormal) return;
    ++(open_ ? totals_.lost : totals_.refused);
    ++totals_.errors[why.message()];
  }

  const LiveBenchRequest& request_;
  const std::vector<int16_t>& speech_;
  size_t at_;
  Totals& totals_;
  std::unique_ptr<LiveClient> client_;
  Stopwatch clock_;
  std::vector<double> sent_ms_;  // when each 40 ms of sound went out
  double lookahead_ms_ = 0;
  double sound_at_ms_ = 0;  // from media time to the sound that was sent, of the present utterance
  double next_interrupt_ms_ = 0, next_ping_ms_ = 0;
  double cleared_at_ms_ = -1;
  int64_t started_utterance_ = 0, cleared_utterance_ = 0;
  std::optional<uint32_t> next_seq_;
  bool open_ = false, over_ = false, closing_ = false;
};

Json ByName(const std::map<std::string, int64_t>& counts) {
  Json json = Json::Object();
  for (const auto& [name, count] : counts) json.Set(name, count);
  return json;
}

Result<std::vector<int16_t>> SpeechOf(const LiveBenchRequest& request) {
  std::vector<float> samples = SampleSpeech();
  if (request.speech) {
    ASSIGN_OR_RETURN(Speech speech, ReadSpeech(*request.speech, int64_t{60} * kModelRateHz));
    samples = std::move(speech.samples_16k);
  }
  std::vector<int16_t> pcm;
  for (const float s : samples) pcm.push_back(static_cast<int16_t>(std::lround(std::clamp(s, -1.0f, 0.9999f) * 32767)));
  if (pcm.empty()) return Error(ErrorCode::kInvalidInput, "the speech is empty");
  return pcm;
}

// Opens the sessions one after the other, speaks until the time is up, closes them.
class LiveLoad {
 public:
  LiveLoad(const LiveBenchRequest& request, const std::vector<int16_t>& speech)
      : request_(request), speech_(speech), tick_(loop_) {}

  Status Run() {
    Tick();
    loop_.Run();
    return status_;
  }
  Totals& totals() { return totals_; }

 private:
  void Tick() {
    const double now_s = clock_.ElapsedMs() / 1000;
    const double rate = request_.connects_per_second;
    while (static_cast<int>(sessions_.size()) < request_.sessions &&
           (rate <= 0 || static_cast<double>(sessions_.size()) <= now_s * rate)) {
      // Everyone says something else.
      sessions_.push_back(std::make_unique<BenchSession>(loop_, request_, speech_, sessions_.size() * 7919, totals_));
    }
    for (const auto& session : sessions_) session->Speak();
    const bool all = static_cast<int>(sessions_.size()) == request_.sessions;
    const bool settled = all && std::ranges::all_of(sessions_, [](const auto& s) { return s->open() || s->over(); });
    if (settled && !full_since_s_) full_since_s_ = now_s;
    const double spoken_s = full_since_s_ ? now_s - *full_since_s_ : 0;
    if (request_.progress) {
      status_ = request_.progress(static_cast<int64_t>(spoken_s), static_cast<int64_t>(request_.seconds));
    }
    const bool gone = settled && std::ranges::all_of(sessions_, [](const auto& s) { return s->over(); });
    if (!status_.ok() || gone || spoken_s > request_.seconds + 3) return loop_.Stop();
    if (spoken_s >= request_.seconds && !std::exchange(closed_, true)) {
      for (const auto& session : sessions_) session->Close();
    }
    tick_.After(kTick, [this] { Tick(); });
  }

  const LiveBenchRequest& request_;
  const std::vector<int16_t>& speech_;
  Loop loop_;
  Timer tick_;
  Totals totals_;
  Stopwatch clock_;
  std::optional<double> full_since_s_;
  bool closed_ = false;
  Status status_;
  std::vector<std::unique_ptr<BenchSession>> sessions_;
};

}  // namespace

Result<Json> MeasureLive(const LiveBenchRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<int16_t> speech, SpeechOf(request));
  const auto before = AskServer(request.server, request.api_key);
  const Stopwatch wall;
  const double cpu_before = CpuSeconds();
  LiveLoad load(request, speech);
  RETURN_IF_ERROR(load.Run());
  const double wall_s = wall.ElapsedMs() / 1000;
  const double client_cpu_s = CpuSeconds() - cpu_before;
  const auto after = AskServer(request.server, request.api_key);
  const Totals& totals = load.totals();
  if (totals.connected == 0) {
    return Error(ErrorCode::kIo,
                 "no session could be opened" + (totals.errors.empty() ? "" : ": " + totals.errors.begin()->first));
  }
  Json report = Json::Object({{"sessions", request.sessions},
                              {"connected", totals.connected},
                              {"refused", totals.refused},
                              {"lost", totals.lost},
                              {"mode", request.mode},
                              {"seconds", request.seconds},
                              {"frames", totals.frames}});
  report.Set("fps_per_session",
             totals.session_seconds > 0 ? static_cast<double>(totals.frames) / totals.session_seconds : 0);
  report.Set("latency_ms", totals.latency.ToJson());
  report.Set("server_latency_ms", totals.server_latency.ToJson());
  report.Set("late", totals.late);
  const int64_t judged = totals.latency.count();
  report.Set("late_share", judged > 0 ? static_cast<double>(totals.late) / static_cast<double>(judged) : 0);
  report.Set("seq_gaps", totals.gaps);
  report.Set("dropped_server", totals.dropped);
  report.Set("interrupts", totals.interrupts);
  report.Set("interrupt_ms", totals.interrupt.ToJson());
  report.Set("violations", totals.violations);
  report.Set("warnings", ByName(totals.warnings));
  report.Set("errors", ByName(totals.errors));
  if (before && after) {
    report.Set("server", Json::Object({{"cpu_cores", (after->cpu_s - before->cpu_s) / wall_s},
                                       {"rss_bytes", static_cast<int64_t>(after->rss)},
                                       {"rss_growth_bytes", static_cast<int64_t>(after->rss - before->rss)},
                                       {"open_fds", static_cast<int64_t>(after->fds)}}));
  } else {
    report.Set("server", Json());
  }
  report.Set("client_cpu_cores", client_cpu_s / wall_s);
  return report;
}

}  // namespace lips
