#include "server/stream_connection.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "base/hmac.h"
#include "base/version.h"

namespace lips {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr size_t kMostWaiting = 2000;  // messages of one connection
constexpr auto kResumePatience = std::chrono::seconds(10);

Outbox::Options OutboxOptions(VideoMode mode, const SessionLimits& limits) {
  Outbox::Options options;
  options.mode = mode;
  options.video_us = int64_t{1000} * limits.video_queue_ms;
  options.video_bytes = limits.video_queue_bytes;
  options.warn_after_us = int64_t{1000} * limits.slow_warn_ms;
  options.close_after_us = int64_t{1000} * limits.slow_close_ms;
  options.gap_us = std::chrono::microseconds(kTick).count() + 50'000;  // it is asked at every tick
  return options;
}

ProtocolError Fatal(std::string code, std::string message, CloseCode close) {
  ProtocolError error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.fatal = true;
  error.close = close;
  return error;
}

ProtocolError ResumeMissing() {
  return Fatal("resume_missing", "this session has had a connection: expected session.resume as the first message",
               CloseCode::kBadHello);
}

std::string UtcText(std::time_t when) {
  std::tm t = {};
  ::gmtime_r(&when, &t);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &t)};
}

}  // namespace

// The session's side of the bridge. Whoever calls, it is handed to the loop in order; after Cut nothing arrives any
// more.
class StreamConnection::Sink : public SessionSink, public std::enable_shared_from_this<Sink> {
 public:
  Sink(std::shared_ptr<Loop> loop, std::weak_ptr<StreamConnection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}

  void Send(const ServerEvent& event) override {
    Hand([event](StreamConnection& connection) { connection.OnEvent(event); });
  }
  void Send(MediaMessage message) override {
    Hand([message = std::move(message)](StreamConnection& connection) { connection.OnMedia(message); });
  }
  void PauseInput(bool pause) override {
    Hand([pause](StreamConnection& connection) { connection.OnPause(pause); });
  }
  void Closed(CloseCode code, const std::string& reason) override {
    Hand([code, reason](StreamConnection& connection) { connection.OnClosed(code, reason); });
  }
  void Cut() { cut_ = true; }  // on the loop

 private:
  template <typename F>
  void Hand(F work) {
    loop_->Post([weak = weak_from_this(), work = std::move(work)] {
      const auto self = weak.lock();
      const auto connection = self && !self->cut_ ? self->connection_.lock() : nullptr;
      if (connection) work(*connection);
    });
  }

  const std::shared_ptr<Loop> loop_;
  const std::weak_ptr<StreamConnection> connection_;
  bool cut_ = false;  // on the loop
};

StreamConnection::StreamConnection(const StreamContext& context, std::unique_ptr<WebSocket> socket,
                                   std::function<void()> gone)
    : context_(context),
      socket_(std::move(socket)),
      gone_(std::move(gone)),
      tick_(*context.loop),
      limit_(*context.loop) {
  outbox_.emplace(OutboxOptions(mode_, context.limits));
  ++context_.counts.streams;
}

StreamConnection::~StreamConnection() { --context_.counts.streams; }

void StreamConnection::Start(const StreamGrant& grant) {
  grant_ = grant;
  Read();
  if (grant.session.empty()) {
    must_resume_ = true;
    limit_.After(kResumePatience, [self = shared_from_this()] { self->Refuse(ResumeMissing()); });
    return;
  }
  sink_ = std::make_shared<Sink>(context_.loop, weak_from_this());
  Adopt(context_.host.Attach(grant.session, sink_));
  if (session_ && grant.max_s > 0) {
    constexpr int64_t kMostS = 86'400;
    context_.book.Limit(session_->id(), now_us() + std::min(grant.max_s, kMostS) * 1'000'000);
    KeepLimit();
  }
}

// The time that a token gives counts from the session's first connection, through all of them.
void StreamConnection::KeepLimit() {
  const auto until_us = context_.book.UntilUs(session_->id());
  if (!until_us) return;
  const auto left = std::chrono::milliseconds(std::max<int64_t>(0, (*until_us - now_us()) / 1000));
  limit_.After(left, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->session_) self->session_->Close(CloseCode::kTimeLimit, "the token's time is up");
  });
}

void StreamConnection::Adopt(const LiveHost::Opened& opened) {
  if (const auto* error = std::get_if<ProtocolError>(&opened)) return Refuse(*error);
  session_ = std::get<std::shared_ptr<LiveSession>>(opened);
  context_.book.Connected(session_->id(), weak_from_this());
  KeepLimit();
  FollowMode(session_->settings().mode);
}

void StreamConnection::Refuse(const ProtocolError& error) {
  if (sink_) sink_->Cut();
  first_.push_back(ToText(ServerEvent(error)));
  CloseSocket(error.close, error.code);
}

// --- from the client ----------------------------------------------------------------------------------------------

void StreamConnection::Read() {
  // Who does not take our answers is not asked for more: events are never dropped.
  if (reading_ || paused_ || ended_ || outbox_->size() > kMostWaiting) return;
  reading_ = true;
  socket_->Read([weak = weak_from_this()](WebSocket::Incoming incoming) {
    const auto self = weak.lock();
    if (!self) return;
    self->reading_ = false;
    self->OnMessage(std::move(incoming));
  });
}

void StreamConnection::OnMessage(WebSocket::Incoming incoming) {
  if (incoming.ended) return OnEnd(incoming.end);
  context_.counts.bytes_in += static_cast<int64_t>(incoming.message.bytes.size());
  const auto& bytes = incoming.message.bytes;
  if (close_asked_ || closing_) return Read();  // until the goodbye is answered
  if (incoming.message.text) {
    OnText({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } else if (session_ && !must_resume_) {
    heard_ = true;
    session_->Push(bytes);
  } else {
    Refuse(ResumeMissing());
  }
  Read();
}

void StreamConnection::OnText(std::string_view text) {
  const auto parsed = ParseClientEvent(text, context_.limits);
  const auto* event = std::get_if<ClientEvent>(&parsed);
  const bool is_first = !std::exchange(heard_, true);
  if (is_first && event != nullptr) {
    if (const auto* resume = std::get_if<ResumeEvent>(&event->body)) return Resume(*resume);
  }
  if (!session_ || must_resume_) return Refuse(ResumeMissing());
  if (event == nullptr) return session_->HandleText(text);  // which tells the client what is wrong with it
  if (const auto* report = std::get_if<PlaybackReportEvent>(&event->body)) CountPlayback(*report);
  session_->Handle(*event);
}

void StreamConnection::CountPlayback(const PlaybackReportEvent& report) {
  constexpr int64_t kMostAtOnce = 10'000;  // no client shows more between two reports
  const int64_t more = client_dropped_ ? report.dropped - *client_dropped_ : 0;
  client_dropped_ = report.dropped;
  context_.counts.client_dropped += std::clamp<int64_t>(more, 0, kMostAtOnce);
  context_.counts.client_buffer.Add(static_cast<double>(std::max<int64_t>(0, report.buffered_ms)) / 1000);
}

// A client that comes back may not know whether we still have its session: it asks for a new one and says at once that
// it would rather go on with the old one.
void StreamConnection::Resume(const ResumeEvent& resume) {
  limit_.Cancel();
  if (auto refusal = CheckResume(resume)) return Refuse(*refusal);
  if (sink_) sink_->Cut();
  if (session_) {
    session_->Detach();
    session_->Close(CloseCode::kNormal, "replaced by a resumed session");
    context_.book.Over(session_->id());
    session_.reset();
  }
  must_resume_ = false;
  client_dropped_.reset();
  first_.clear();
  sink_ = std::make_shared<Sink>(context_.loop, weak_from_this());
  auto resumed = context_.host.Resume(resume.token, resume.next_sample, sink_);
  if (const auto* session = std::get_if<std::shared_ptr<LiveSession>>(&resumed);
      session != nullptr && !grant_.avatar.empty() && (*session)->settings().avatar != grant_.avatar) {
    (*session)->Detach();
    resumed = Fatal("avatar_not_allowed", "the token is for another avatar", CloseCode::kForbidden);
  }
  Adopt(resumed);
}

// A token that was used before leads back to its own session only.
std::optional<ProtocolError> StreamConnection::CheckResume(const ResumeEvent& resume) const {
  if (grant_.only_session.empty()) return std::nullopt;
  const auto own = context_.host.FindSession(grant_.only_session);
  if (!own) return Fatal("resume_unknown", "the session has ended", CloseCode::kBadHello);
  if (SameSecret(own->resume_token(), resume.token)) return std::nullopt;
  return Fatal("resume_token_wrong", "this is not the resume_token of the connection's session", CloseCode::kAuth);
}

void StreamConnection::OnEnd(const WebSocketEnd& end) {
  if (std::exchange(ended_, true)) return;
  ++context_.counts.closes[end.code];
  if (session_ && !session_over_) {
    constexpr uint16_t kGoingAway = 1001;
    if (sink_) sink_->Cut();
    if (end.by_peer && (end.code == kCloseNormal || end.code == kGoingAway)) {
      session_->Close(CloseCode::kNormal, "closed by the client");
      context_.book.Over(session_->id());
    } else if (end.by_peer) {
      session_->Detach();  // lost; it may come back
    } else {
      session_->Close(end.code == kCloseTooBig    ? CloseCode::kTooBig
                      : end.code == kCloseBadText ? CloseCode::kBadText
                                                  : CloseCode::kUnsupportedData,
                      end.reason);
      context_.book.Over(session_->id());
    }
  }
  Gone();
}

// --- from the session ---------------------------------------------------------------------------------------------

std::string StreamConnection::CreatedText(const SessionCreatedEvent& created) {
  Json json = ToJson(ServerEvent(created));
  Json limits = *json.Find("limits");
  for (const auto& [name, value] : context_.server_limits.members()) limits.Set(name, value);
  json.Set("limits", std::move(limits));
  json.Set("server", "lipstream/" + std::string(Version()));
  json.Set("expires_at", UtcText(std::time(nullptr) + created.expires_ms / 1000));
  return json.Dump(/*compact=*/true);
}

void StreamConnection::OnEvent(const ServerEvent& event) {
  if (const auto* created = std::get_if<SessionCreatedEvent>(&event)) {
    FollowMode(created->settings.mode);
    first_.push_back(CreatedText(*created));
    return Pump();
  }
  if (const auto* updated = std::get_if<SessionUpdatedEvent>(&event)) FollowMode(updated->settings.mode);
  outbox_->Push(event, now_us());
  Mind();
  Pump();
}

void StreamConnection::OnMedia(MediaMessage message) {
  if (message.header.kind == MediaKind::kMp4Init) mp4_init_ = message;
  for (const auto& weak : watchers_) {
    if (const auto watcher = weak.lock()) watcher->Watch(message);
  }
  outbox_->Push(std::move(message), now_us());
  Mind();
  Pump();
}

void StreamConnection::OnPause(bool pause) {
  paused_ = pause;
  Read();
}

void StreamConnection::OnClosed(CloseCode code, const std::string& reason) {
  session_over_ = true;
  if (session_) context_.book.Over(session_->id());
  if (code == CloseCode::kSlowClient) RenewOutbox();
  CloseSocket(code, reason);
}

void StreamConnection::RenewOutbox() {
  outbox_.emplace(OutboxOptions(mode_, context_.limits));
  dropped_counted_ = 0;
}

// The way frames are dropped follows the mode. It changes before the first frame only, so nothing but events can wait.
void StreamConnection::FollowMode(VideoMode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  while (auto item = outbox_->Pop(now_us())) {
    if (auto* text = std::get_if<std::string>(&*item)) first_.push_back(std::move(*text));
  }
  RenewOutbox();
}

// --- to the client ------------------------------------------------------------------------------------------------

void StreamConnection::Pump() {
  if (writing_ || ended_ || closing_) return;
  std::optional<Outbox::Item> item;
  if (!first_.empty()) {
    item = std::move(first_.front());
    first_.pop_front();
  } else {
    item = outbox_->Pop(now_us());
  }
  if (!item) {
    if (close_asked_) CloseSocket(close_code_, close_reason_);
    return;
  }
  writing_ = true;
  const bool is_media = std::holds_alternative<MediaMessage>(*item);
  const int64_t since_us = now_us() - (is_media ? outbox_->waited_us() : 0);
  const auto done = [weak = weak_from_this(), is_media, since_us](bool ok) {
    const auto self = weak.lock();
    if (!self) return;
    self->writing_ = false;
    if (ok && is_media) self->context_.counts.send.Add(static_cast<double>(self->now_us() - since_us) / 1e6);
    if (ok) self->Pump();  // else the reader learns how it ended
    if (ok) self->Read();
    if (!ok) self->Abort();
  };
  if (auto* text = std::get_if<std::string>(&*item)) {
    context_.counts.bytes_out += static_cast<int64_t>(text->size());
    return socket_->Write(true, std::move(*text), {}, done);
  }
  const auto& media = std::get<MediaMessage>(*item);
  const auto header = EncodeMediaHeader(media.header);
  context_.counts.bytes_out += static_cast<int64_t>(media.bytes());
  OwnedBytes payload;
  if (media.payload) payload = {*media.payload, media.payload};
  socket_->Write(false, std::string(header.begin(), header.end()), std::move(payload), done);
}

void StreamConnection::Mind() {
  const Outbox::Wishes wishes = outbox_->Check(now_us());
  context_.counts.frames_dropped +=
      outbox_->dropped_frames() - std::exchange(dropped_counted_, outbox_->dropped_frames());
  if (session_ && !session_over_) {
    if (wishes.keyframe) session_->RequestKeyframe();
    if (wishes.half_rate) session_->SetHalfRate(*wishes.half_rate);
    if (wishes.close_slow) session_->Close(CloseCode::kSlowClient, "the client takes the video too slowly");
  }
  if (!outbox_->empty()) Watch();
}

void StreamConnection::Watch() {
  tick_.After(kTick, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->ended_) return;
    self->Mind();
    self->Pump();
  });
}

void StreamConnection::CloseSocket(CloseCode code, const std::string& reason) {
  if (closing_ || ended_) return;
  close_asked_ = true;
  close_code_ = code;
  close_reason_ = reason;
  const bool waiting = writing_ || !first_.empty() || !outbox_->empty();
  if (waiting && code != CloseCode::kSlowClient) return Pump();  // all that was said before goes out first
  closing_ = true;
  paused_ = false;
  socket_->Close(static_cast<uint16_t>(code), reason, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->reading_) {
      self->OnEnd({static_cast<uint16_t>(self->close_code_), self->close_reason_, false});
    }
  });
}

void StreamConnection::AddWatcher(const std::shared_ptr<StreamWatcher>& watcher) {
  std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
  watchers_.push_back(watcher);
}

void StreamConnection::RequestKeyframe() {
  if (session_) session_->RequestKeyframe();
}

void StreamConnection::Abort() {
  if (ended_) return;
  OnEnd({closing_ ? static_cast<uint16_t>(close_code_) : uint16_t{kCloseAbnormal}, "connection lost", true});
}

void StreamConnection::Gone() {
  tick_.Cancel();
  limit_.Cancel();
  for (const auto& weak : watchers_) {
    if (const auto watcher = weak.lock()) watcher->End();
  }
  watchers_.clear();
  if (auto gone = std::exchange(gone_, nullptr)) {
    // Not from within a callback of the socket, which goes with us.
    context_.loop->Post(std::move(gone));
  }
}

}  // namespace lips
