// What connections do to a session, from any thread.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "live/talking_session.h"

namespace lips {
namespace {

std::vector<float> FromS16(std::span<const uint8_t> pcm) {
  std::vector<float> samples(pcm.size() / 2);
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto value = static_cast<int16_t>(static_cast<uint16_t>(pcm[2 * i] | pcm[2 * i + 1] << 8));
    samples[i] = static_cast<float>(value) / 32768.0f;
  }
  return samples;
}

std::vector<float> FromF32(std::span<const uint8_t> pcm) {
  static_assert(std::endian::native == std::endian::little);
  std::vector<float> samples(pcm.size() / 4);
  if (!samples.empty()) std::memcpy(samples.data(), pcm.data(), pcm.size());
  return samples;
}

ProtocolError Refusal(std::string code, std::string message) {
  ProtocolError error;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

ProtocolError Limit(std::string code, std::string message, CloseCode close) {
  ProtocolError error = Refusal(std::move(code), std::move(message));
  error.type = "limit";
  error.fatal = true;
  error.close = close;
  return error;
}

}  // namespace

TalkingSession::TalkingSession(SessionHost& host, Facts facts, SessionSettings settings,
                               std::shared_ptr<LiveAvatar> avatar)
    : host_(host),
      facts_(std::move(facts)),
      opened_us_(host.NowUs()),
      settings_(std::move(settings)),
      clock_(settings_.fps),
      last_message_us_(opened_us_),
      last_ack_us_(opened_us_),
      last_stats_us_(opened_us_),
      detached_us_(opened_us_),
      template_time_(1, settings_.fps, 1, settings_.fps, 0, Loop::kPingPong) {
  output_.avatar = std::move(avatar);
}

SessionSettings TalkingSession::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

bool TalkingSession::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

int64_t TalkingSession::samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

int64_t TalkingSession::buffered_ms() const {
  const std::lock_guard lock(mutex_);
  return BufferedMs();
}

int64_t TalkingSession::BufferedMs() const { return (samples_ - rendered_samples_) * 1000 / settings_.audio_rate_hz; }

void TalkingSession::UpdatePause() {
  constexpr int64_t kCalmMs = 5000;  // below the limit, so that it does not flutter
  const int64_t limit_ms = facts_.limits.audio_pause_ms;
  const bool pause = BufferedMs() > (paused_ ? limit_ms - kCalmMs : limit_ms);
  if (pause == std::exchange(paused_, pause)) return;
  delivery_.Post(Delivery::PauseInput{pause});
  if (!pause || facts_.in_process) return;
  delivery_.Post(ServerEvent(
      WarningEvent{"near_limit", std::to_string(BufferedMs() / 1000) +
                                     " s of audio wait; no more is read until it is less, and above " +
                                     std::to_string(facts_.limits.audio_queue_ms / 1000) + " s the session ends"}));
}

void TalkingSession::Push(std::span<const uint8_t> pcm) {
  PcmFormat format = PcmFormat::kS16;
  size_t bytes = 2;
  {
    const std::lock_guard lock(mutex_);
    format = settings_.audio_format;
    bytes = static_cast<size_t>(settings_.bytes_per_sample());
  }
  if (pcm.size() % bytes != 0) {
    return Fail(
        Refusal("pcm_bad_length", std::to_string(pcm.size()) + " bytes of audio are no whole number of samples of " +
                                      std::to_string(bytes) + " bytes"),
        {});
  }
  PushSamples(format == PcmFormat::kS16 ? FromS16(pcm) : FromF32(pcm));
}

bool TalkingSession::AcceptAudio(int64_t samples, ProtocolError& error) {
  const int64_t rate = settings_.audio_rate_hz;
  const int64_t ms = samples * 1000 / rate;
  if (ms > facts_.limits.audio_message_ms) {
    error = Limit("audio_too_long",
                  "one message holds " + std::to_string(ms) + " ms of audio; at most " +
                      std::to_string(facts_.limits.audio_message_ms) + " are taken",
                  CloseCode::kTooBig);
    return false;
  }
  if (BufferedMs() + ms > facts_.limits.audio_queue_ms) {
    error = Limit("audio_queue_full",
                  std::to_string(BufferedMs() + ms) + " ms of audio are waiting; at most " +
                      std::to_string(facts_.limits.audio_queue_ms) + " may",
                  CloseCode::kOverload);
    return false;
  }
  if (open_utterance_ == 0 && queued_utterances_ >= facts_.limits.utterances) {
    error =
        Limit("too_many_utterances", std::to_string(queued_utterances_) + " utterances are waiting", CloseCode::kRate);
    return false;
  }
  return true;
}

void TalkingSession::PushSamples(std::span<const float> samples) {
  const int64_t now_us = host_.NowUs();
  ProtocolError error;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || closing_) return;
    last_message_us_ = now_us;
    got_message_ = true;
    if (samples.empty()) return;
    if (AcceptAudio(static_cast<int64_t>(samples.size()), error)) {
      if (open_utterance_ == 0) {
        open_utterance_ = ++last_utterance_;
        utterance_start_ = samples_;
        ++queued_utterances_;
      }
      Input input;
      input.samples.assign(samples.begin(), samples.end());
      input.at_us = now_us;
      input.utterance = open_utterance_;
      input.start_sample = utterance_start_;
      inbox_.push_back(std::move(input));
      samples_ += static_cast<int64_t>(samples.size());
      started_ = true;
      stalled_ = false;
      last_audio_us_ = now_us;
      UpdatePause();
    }
  }
  if (!error.code.empty()) return Fail(std::move(error), {});
  delivery_.Pump();
  Wake();
}

void TalkingSession::CommitLocked(const std::string& name, int64_t now_us) {
  Input input;
  input.at_us = now_us;
  input.utterance = std::exchange(open_utterance_, 0);
  input.commit = true;
  input.name = name;
  inbox_.push_back(std::move(input));
}

void TalkingSession::Commit(const std::string& utterance, const std::string& event_id) {
  bool nothing = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (open_utterance_ != 0) {
      CommitLocked(utterance, host_.NowUs());
    } else {
      nothing = !std::exchange(stalled_, false);
    }
  }
  if (nothing) return Fail(Refusal("nothing_to_commit", "no audio has come since the last commit or clear"), event_id);
  Wake();
}

int64_t TalkingSession::PlayedOf(const Speaking& speaking, int64_t now_us) const {
  const int64_t end_us = std::max(speaking.first_pts_us, sent_end_us_);
  const int64_t played_us = settings_.pace == Pace::kFree ? end_us : clock_.PlayedUs(now_us);
  return std::clamp(played_us, speaking.first_pts_us, end_us);
}

void TalkingSession::PostDone(bool interrupted, int64_t now_us) {
  const Speaking& said = speaking_.front();
  UtteranceDoneEvent done;
  done.utterance = said.utterance;
  done.name = said.name;
  done.frames_sent = said.frames_sent;
  done.frames_dropped = said.frames_dropped;
  done.audio_samples = said.samples;
  done.last_pts_us = said.last_pts_us;
  done.interrupted = interrupted;
  const int64_t heard_us = PlayedOf(said, now_us) - said.first_pts_us;
  done.playback_position_ms = std::min(heard_us / 1000, said.samples * 1000 / settings_.audio_rate_hz);
  done.first_frame_ms = said.latency_ms.first_ms();
  done.p50_ms = said.latency_ms.count() > 0 ? said.latency_ms.Percentile(50) : 0;
  done.p99_ms = said.latency_ms.count() > 0 ? said.latency_ms.Percentile(99) : 0;
  delivery_.Post(ServerEvent(std::move(done)));
  speaking_.pop_front();
}

void TalkingSession::Clear(const std::string& /*event_id*/) {
  const int64_t now_us = host_.NowUs();
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    ++epoch_;
    inbox_.clear();
    open_utterance_ = 0;
    queued_utterances_ = 0;
    stalled_ = false;
    rendered_samples_ = samples_;
    delivery_.DropMedia();
    OutputClearedEvent cleared;
    cleared.utterance = last_utterance_;
    cut_us_ = speaking_.empty() ? sent_end_us_ : PlayedOf(speaking_.front(), now_us);
    cleared.cut_pts_us = cut_us_;
    if (!speaking_.empty()) cleared.audio_end_ms = (cut_us_ - speaking_.front().first_pts_us) / 1000;
    delivery_.Post(ServerEvent(cleared));
    if (!speaking_.empty()) ++totals_.interruptions;
    while (!speaking_.empty()) PostDone(true, now_us);
    ended_unheard_ = false;
    UpdatePause();
  }
  delivery_.Pump();
  host_.CountBargeIn(host_.NowUs() - now_us);
  Wake();
}

void TalkingSession::Update(const SettingsChange& change, const std::string& event_id) {
  std::optional<ProtocolError> error;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    SessionSettings changed = settings_;
    error = ApplyChange(change, started_, facts_.in_process, changed);
    if (!error) error = CheckAgainst(*output_.avatar, changed);
    if (!error) {
      if (!started_) clock_ = FrameClock(changed.fps);
      settings_ = std::move(changed);
      settings_changed_ = true;
      delivery_.Post(ServerEvent(SessionUpdatedEvent{settings_}));
    }
  }
  if (error) return Fail(*std::move(error), event_id);
  delivery_.Pump();
  Wake();
}

// The client's word about what it shows moves our idea of its clock: by little at a time, but for a client that has all
// it may have lying before it and still is not further.
void TalkingSession::Report(const PlaybackReportEvent& report) {
  constexpr int64_t kToleratedUs = 40'000;
  constexpr int64_t kMostShiftUs = 200'000;
  constexpr int kLeastFullMs = 100;  // of a client that may have next to nothing before it
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    playback_ = {report.pts_us, std::max<int64_t>(0, report.buffered_ms), std::max<int64_t>(0, report.dropped)};
    if (client_skips_.Report(playback_.dropped, totals_.sent, host_.NowUs())) {
      delivery_.Post(ServerEvent(WarningEvent{
          "slow_client", "most frames of the last " + std::to_string(ClientSkips::kPatienceUs / 1'000'000) +
                             " s were not shown, says the client; sending half of them"}));
    }
    if (!clock_.origin_us) return;
    const int64_t played_us = clock_.PlayedUs(host_.NowUs());
    const int64_t told_us = std::clamp<int64_t>(report.pts_us, 0, sent_end_us_);
    const bool is_full = playback_.buffered_ms >= std::max(settings_.max_lead_ms, kLeastFullMs);
    const int64_t back_us = is_full ? INT64_MAX : kMostShiftUs;
    if (std::abs(told_us - played_us) > kToleratedUs) {
      *clock_.origin_us -= std::clamp(told_us - played_us, -back_us, kMostShiftUs);
      dirty_ = true;
    }
  }
  delivery_.Pump();
}

void TalkingSession::RequestKeyframe() {
  const std::lock_guard lock(mutex_);
  key_wanted_ = true;
}

void TalkingSession::SetHalfRate(bool half) {
  const std::lock_guard lock(mutex_);
  half_rate_ = half;
}

void TalkingSession::Handle(const ClientEvent& event) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    last_message_us_ = host_.NowUs();
    got_message_ = true;
  }
  struct Visitor {
    TalkingSession& session;
    const std::string& id;
    void operator()(const SessionUpdateEvent& e) const { session.Update(e.change, id); }
    void operator()(const AppendAudioEvent& e) const { session.Push(e.pcm); }
    void operator()(const CommitAudioEvent& e) const { session.Commit(e.utterance, id); }
    void operator()(const ClearAudioEvent&) const { session.Clear(id); }
    void operator()(const PlaybackReportEvent& e) const { session.Report(e); }
    void operator()(const KeyframeRequestEvent&) const { session.RequestKeyframe(); }
    void operator()(const ResumeEvent&) const {
      session.Fail(Refusal("resume_not_first", "session.resume must be a connection's first message"), id);
    }
    void operator()(const PingEvent& e) const {
      session.delivery_.Post(ServerEvent(PongEvent{e.t, session.host_.NowUs()}));
      session.delivery_.Pump();
    }
    void operator()(const CloseEvent&) const { session.FinishAndClose(); }
  };
  std::visit(Visitor{*this, event.event_id}, event.body);
}

void TalkingSession::HandleText(std::string_view text) {
  auto parsed = ParseClientEvent(text, facts_.limits);
  if (auto* error = std::get_if<ProtocolError>(&parsed)) {
    const std::string id = error->event_id;
    return Fail(std::move(*error), id);
  }
  Handle(std::get<ClientEvent>(parsed));
}

void TalkingSession::FinishAndClose() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (open_utterance_ != 0) CommitLocked({}, host_.NowUs());
    closing_ = true;
  }
  Wake();
}

void TalkingSession::Fail(ProtocolError error, const std::string& event_id) {
  if (error.event_id.empty()) error.event_id = event_id;
  host_.Count(error.code);
  const bool fatal = error.fatal;
  const CloseCode close = error.close;
  const std::string code = error.code;
  delivery_.Post(ServerEvent(std::move(error)));
  delivery_.Pump();
  if (fatal) Close(close, code);
}

void TalkingSession::Warn(const std::string& code, const std::string& detail) {
  delivery_.Post(ServerEvent(WarningEvent{code, detail}));
  delivery_.Pump();
}

void TalkingSession::TellDraining(int64_t deadline_ms) {
  delivery_.Post(ServerEvent(SessionDrainingEvent{deadline_ms}));
  delivery_.Pump();
}

void TalkingSession::PostCreated(bool resumed) {
  SessionCreatedEvent created;
  created.session_id = facts_.id;
  created.resume_token = facts_.resume_token;
  created.avatar = output_.avatar->facts();
  created.settings = settings_;
  created.limits = facts_.limits;
  created.expires_ms = std::max<int64_t>(0, facts_.limits.session_ms - (host_.NowUs() - opened_us_) / 1000);
  created.resumed = resumed;
  created.next_sample = samples_;
  delivery_.Post(ServerEvent(std::move(created)));
}

bool TalkingSession::Attach(std::shared_ptr<SessionSink> sink, bool resume) {
  {
    const std::lock_guard lock(mutex_);
    const bool taken = detached_us_ < 0;
    if (closed_ || (taken && !resume)) return false;
    if (taken) {
      delivery_.DropMedia();
      delivery_.Post(Delivery::Closed{CloseCode::kResumed, "resumed by another connection"});
    }
    delivery_.SetSink(std::move(sink), true);
    detached_us_ = -1;
    was_attached_ = true;
    last_message_us_ = host_.NowUs();
    got_message_ = resume;
    PostCreated(resume);
    if (std::exchange(ended_unheard_, false) && !speaking_.empty()) PostDone(false, host_.NowUs());
    if (paused_) delivery_.Post(Delivery::PauseInput{true});
    if (resume) {
      clock_.origin_us.reset();
      discontinuity_ = key_wanted_ = renew_encoder_ = true;
    }
  }
  delivery_.Pump();
  Wake();
  return true;
}

void TalkingSession::Detach() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || detached_us_ >= 0) return;
    delivery_.SetSink(nullptr);
    detached_us_ = host_.NowUs();
  }
  Wake();
}

void TalkingSession::Close(CloseCode code, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    ++epoch_;
    inbox_.clear();
    delivery_.DropMedia();
    const int64_t now_us = host_.NowUs();
    while (!speaking_.empty()) PostDone(true, now_us);
    SessionClosedEvent closed{reason};
    closed.frames_sent = totals_.sent;
    closed.frames_dropped = totals_.dropped;
    closed.frames_late = totals_.late;
    closed.frames_repeated = totals_.repeated;
    closed.audio_samples = samples_;
    closed.utterances = totals_.utterances;
    closed.interruptions = totals_.interruptions;
    closed.client_dropped = playback_.dropped;
    delivery_.Post(ServerEvent(std::move(closed)));
    delivery_.Post(Delivery::Closed{code, reason});
    delivery_.SetSink(nullptr, true);
  }
  delivery_.Pump();
  host_.Forget(facts_.id);
  Wake();
}

void TalkingSession::Wake() {
  dirty_ = true;
  host_.Wake();
}

bool TalkingSession::speaking() const {
  const std::lock_guard lock(mutex_);
  return !speaking_.empty() || open_utterance_ != 0;
}

bool TalkingSession::attached() const {
  const std::lock_guard lock(mutex_);
  return detached_us_ < 0;
}

std::optional<ProtocolError> CheckAgainst(const LiveAvatar& avatar, SessionSettings& settings) {
  const AvatarFacts& facts = avatar.facts();
  if (settings.width == 0) settings.width = facts.width;
  if (settings.height == 0) settings.height = facts.height;
  if (settings.fps.num == 0) settings.fps = facts.fps;
  const auto size = [](int width, int height) { return std::to_string(width) + "x" + std::to_string(height); };
  if (settings.width != facts.width || settings.height != facts.height) {
    ProtocolError error =
        Refusal("unsupported_size", "video is to be " + size(settings.width, settings.height) + ", but avatar '" +
                                        facts.id + "' is " + size(facts.width, facts.height) + " and is not scaled");
    error.param = "video.width";
    return error;
  }
  if (settings.composite != avatar.composite() && avatar.composite() == CompositeMode::kNatural) {
    ProtocolError error = Refusal("unsupported_composite", "this host composites naturally only");
    error.param = "composite";
    return error;
  }
  return std::nullopt;
}

}  // namespace lips
