#include "fake_host.h"

#include <algorithm>
#include <atomic>

#include "base/hmac.h"
#include "live/client_event.h"

namespace lips::serving {
namespace {

ProtocolError Refusal(const char* code, CloseCode close) {
  ProtocolError error;
  error.code = code;
  error.message = std::string("refused: ") + code;
  error.fatal = true;
  error.close = close;
  return error;
}

}  // namespace

class FakeHost::Session : public LiveSession, public std::enable_shared_from_this<Session> {
 public:
  Session(FakeHost& host, std::string id, SessionSettings settings)
      : host_(host), id_(std::move(id)), token_(RandomName(16)), settings_(std::move(settings)) {}

  const std::string& id() const override { return id_; }
  const std::string& resume_token() const override { return token_; }
  SessionSettings settings() const override { return settings_; }
  bool closed() const override { return closed_; }
  int64_t samples() const override { return samples_; }
  int64_t buffered_ms() const override { return 0; }

  void Push(std::span<const uint8_t> pcm) override {
    if (!sink_ || closed_) return;
    const auto bytes = static_cast<size_t>(settings_.bytes_per_sample());
    if (pcm.size() % bytes != 0) return Tell("pcm_bad_length");
    samples_ += static_cast<int64_t>(pcm.size() / bytes);
    sink_->Send(ServerEvent(AudioAckEvent{samples_, 0}));
    MediaMessage media;
    const bool film = settings_.mode == VideoMode::kMp4;
    media.header.kind = film                                 ? MediaKind::kMp4Fragment
                        : settings_.mode == VideoMode::kJpeg ? MediaKind::kFrame
                                                             : MediaKind::kPatch;
    media.header.codec = film ? MediaCodec::kMp4 : MediaCodec::kJpeg;
    media.header.flags = kMediaKey;
    media.header.seq = seq_++;
    media.header.utterance = utterance_;
    media.payload = std::make_shared<const std::vector<uint8_t>>(host_.frame_bytes, uint8_t{7});
    if (film && media.header.seq == 0) {
      MediaMessage init = media;
      init.header.kind = MediaKind::kMp4Init;
      init.payload = std::make_shared<const std::vector<uint8_t>>(10, uint8_t{1});
      sink_->Send(init);
    }
    sink_->Send(media);
  }
  void PushSamples(std::span<const float>) override {}
  void Commit(const std::string&, const std::string&) override {}
  void Clear(const std::string&) override {
    if (sink_) sink_->Send(ServerEvent(OutputClearedEvent{utterance_++, 0, 0}));
  }
  void Update(const SettingsChange& change, const std::string&) override {
    if (const auto error = ApplyChange(change, samples_ > 0, false, settings_)) return sink_->Send(ServerEvent(*error));
    sink_->Send(ServerEvent(SessionUpdatedEvent{settings_}));
  }
  void Report(const PlaybackReportEvent&) override {}
  void RequestKeyframe() override {}
  void SetHalfRate(bool) override {}
  void Handle(const ClientEvent& event) override {
    if (!sink_ || closed_) return;
    if (const auto* update = std::get_if<SessionUpdateEvent>(&event.body)) Update(update->change, event.event_id);
    if (std::holds_alternative<ClearAudioEvent>(event.body)) Clear(event.event_id);
    if (std::holds_alternative<CloseEvent>(event.body)) Close(CloseCode::kNormal, "closed");
    if (std::holds_alternative<ResumeEvent>(event.body)) Tell("resume_not_first");
    if (const auto* ping = std::get_if<PingEvent>(&event.body)) sink_->Send(ServerEvent(PongEvent{ping->t, 1}));
  }
  void HandleText(std::string_view text) override {
    if (!sink_ || closed_) return;
    const auto parsed = ParseClientEvent(text, SessionLimits());
    if (const auto* error = std::get_if<ProtocolError>(&parsed)) {
      sink_->Send(ServerEvent(*error));
      if (error->fatal) Close(error->close, error->code);
      return;
    }
    Handle(std::get<ClientEvent>(parsed));
  }
  void Detach() override {
    sink_.reset();
    connected_ = false;
  }
  void Close(CloseCode code, const std::string& reason) override {
    if (closed_) return;
    closed_ = true;
    const auto self = shared_from_this();
    {
      const std::lock_guard lock(host_.mutex_);
      host_.sessions_.erase(id_);
    }
    if (!sink_) return;
    sink_->Send(ServerEvent(SessionClosedEvent{reason}));
    sink_->Closed(code, reason);
    sink_.reset();
  }
  void Wake() override {}

  void Tell(const char* code) {
    ProtocolError error;
    error.code = code;
    error.message = code;
    sink_->Send(ServerEvent(error));
  }

  FakeHost& host_;
  const std::string id_, token_;
  SessionSettings settings_;
  std::shared_ptr<SessionSink> sink_;
  bool attached_ = false;
  std::atomic<bool> connected_ = false;  // for the test's own thread
  bool closed_ = false;
  int64_t samples_ = 0;
  uint32_t seq_ = 0;
  uint32_t utterance_ = 1;
};

Status FakeHost::LoadAvatar(const std::string& id, const Path& path, const LiveAvatarOptions& options) {
  ASSIGN_OR_RETURN(Avatar opened, Avatar::Open(path, options.avatar));
  Entry entry;
  entry.avatar = std::make_shared<const Avatar>(std::move(opened));
  entry.facts.id = id;
  entry.facts.width = entry.avatar->video().width;
  entry.facts.height = entry.avatar->video().height;
  entry.facts.fps = entry.avatar->video().fps;
  entry.facts.frames = entry.avatar->video().frames;
  entry.facts.etag = "0123456789abcdef";
  entry.facts.background_version = options.label ? "0123labelled" : "0123456789abcdef";
  entry.facts.ready = true;
  const std::lock_guard lock(mutex_);
  if (!avatars_.emplace(id, std::move(entry)).second) return Error(ErrorCode::kInvalidInput, "taken");
  return {};
}

Status FakeHost::UnloadAvatar(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return avatars_.erase(id) > 0 ? Status() : Status(Error(ErrorCode::kInvalidInput, "there is none"));
}

std::vector<AvatarFacts> FakeHost::ListAvatars() const {
  const std::lock_guard lock(mutex_);
  std::vector<AvatarFacts> list;
  for (const auto& [id, entry] : avatars_) list.push_back(entry.facts);
  return list;
}

std::optional<AvatarFacts> FakeHost::FindAvatar(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = avatars_.find(id);
  return found == avatars_.end() ? std::nullopt : std::optional(found->second.facts);
}

std::shared_ptr<const Avatar> FakeHost::AvatarOf(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = avatars_.find(id);
  return found == avatars_.end() ? nullptr : found->second.avatar;
}

void FakeHost::Announce(Session& session, bool resumed) {
  session.attached_ = true;
  session.connected_ = true;
  SessionCreatedEvent created;
  created.session_id = session.id();
  created.resume_token = session.resume_token();
  created.settings = session.settings_;
  created.resumed = resumed;
  created.next_sample = session.samples_;
  created.expires_ms = 60'000;
  if (const auto facts = FindAvatar(session.settings_.avatar)) created.avatar = *facts;
  session.sink_->Send(ServerEvent(created));
}

LiveHost::Opened FakeHost::OpenSession(const SessionSettings& settings, std::shared_ptr<SessionSink> sink, bool) {
  if (draining_) return Refusal("draining", CloseCode::kRestart);
  if (!FindAvatar(settings.avatar)) return Refusal("avatar_unknown", CloseCode::kNoAvatar);
  if (static_cast<int>(sessions()) >= max_sessions) return Refusal("overloaded", CloseCode::kOverload);
  auto session = std::make_shared<Session>(*this, "s" + std::to_string(++made_), settings);
  {
    const std::lock_guard lock(mutex_);
    sessions_[session->id()] = session;
  }
  session->sink_ = std::move(sink);
  if (session->sink_) Announce(*session, false);
  return std::shared_ptr<LiveSession>(session);
}

LiveHost::Opened FakeHost::Attach(const std::string& session_id, std::shared_ptr<SessionSink> sink) {
  const auto session = std::static_pointer_cast<Session>(FindSession(session_id));
  if (!session) return Refusal("session_unknown", CloseCode::kBadHello);
  if (session->attached_) return Refusal("session_attached", CloseCode::kResumed);
  session->sink_ = std::move(sink);
  Announce(*session, false);
  return std::shared_ptr<LiveSession>(session);
}

LiveHost::Opened FakeHost::Resume(const std::string& token, int64_t, std::shared_ptr<SessionSink> sink) {
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, each] : sessions_) {
      if (each->token_ == token) session = each;
    }
  }
  if (!session) return Refusal("resume_unknown", CloseCode::kBadHello);
  if (session->sink_) session->sink_->Closed(CloseCode::kResumed, "resumed elsewhere");
  session->sink_ = std::move(sink);
  Announce(*session, true);
  return std::shared_ptr<LiveSession>(session);
}

std::shared_ptr<LiveSession> FakeHost::FindSession(const std::string& session_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() ? nullptr : found->second;
}

void FakeHost::Drain(int64_t deadline_ms) {
  draining_ = true;
  std::map<std::string, std::shared_ptr<Session>> all;
  {
    const std::lock_guard lock(mutex_);
    all = sessions_;
  }
  for (const auto& [id, session] : all) {
    if (session->sink_) session->sink_->Send(ServerEvent(SessionDrainingEvent{deadline_ms}));
    session->Close(CloseCode::kRestart, "draining");
  }
}

bool FakeHost::drained() const { return draining_ && sessions() == 0; }
Capacity FakeHost::capacity() const { return {static_cast<int64_t>(sessions()), max_sessions}; }

LiveMetrics FakeHost::metrics() const {
  LiveMetrics metrics;
  metrics.sessions_idle = static_cast<int64_t>(sessions());
  metrics.frames_sent = 42;
  metrics.frame_latency.Add(0.03);
  metrics.errors["odd \"code\""] = 1;
  return metrics;
}

size_t FakeHost::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

size_t FakeHost::detached() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(sessions_, [](const auto& entry) { return !entry.second->connected_.load(); }));
}

}  // namespace lips::serving
