#include "live/live_host.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <utility>

#include "base/log.h"
#include "live/admission.h"

namespace lips {
namespace {

bool IsId(const std::string& id) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, fits);
}

// 128 bits from the system, in hexadecimal.
std::string Secret() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string text;
  for (int word = 0; word < 4; ++word) {
    const uint32_t bits = random();
    for (int shift = 28; shift >= 0; shift -= 4) text.push_back(kDigits[bits >> shift & 15]);
  }
  return text;
}

// Takes as long whether the first or the last byte differs.
bool SameSecret(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

ProtocolError Refusal(std::string type, std::string code, std::string message, CloseCode close) {
  ProtocolError error;
  error.type = std::move(type);
  error.code = std::move(code);
  error.message = std::move(message);
  error.fatal = true;
  error.close = close;
  return error;
}

}  // namespace

std::string_view Name(Readiness readiness) {
  constexpr std::array<std::string_view, 5> kNames = {"ready", "loading", "no avatar", "overloaded", "draining"};
  return kNames[static_cast<size_t>(readiness)];
}

Result<std::unique_ptr<LiveHost>> LiveHost::Create(LiveHostOptions options) {
  if (!(options.headroom > 0 && options.headroom <= 1) || !(options.duty > 0 && options.duty <= 1)) {
    return Error(ErrorCode::kInvalidInput, "headroom " + std::to_string(options.headroom) + " and duty " +
                                               std::to_string(options.duty) + " must lie between 0 and 1");
  }
  if (!(options.feather >= kMinFeather && options.feather <= kMaxFeather)) {
    return Error(ErrorCode::kInvalidInput, "feather " + std::to_string(options.feather) + " is not between " +
                                               std::to_string(kMinFeather) + " and " + std::to_string(kMaxFeather));
  }
  if (!options.picture_encoder) options.picture_encoder = OpenPictureEncoder;
  if (!options.sound_encoder) options.sound_encoder = OpenSoundEncoder;
  return std::unique_ptr<LiveHost>(std::make_unique<TalkingHost>(std::move(options)));
}

TalkingHost::TalkingHost(LiveHostOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? *options_.clock : SteadyClock()),
      maker_({ThreadsOrCores(options_.threads), options_.feather, options_.picture_encoder, options_.sound_encoder}) {
  beat_us_ = clock_.NowUs();
  if (!options_.manual) thread_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
}

TalkingHost::~TalkingHost() {
  thread_.request_stop();
  Wake();
  if (thread_.joinable()) thread_.join();
  std::vector<SessionPtr> left;
  {
    const std::lock_guard lock(mutex_);
    left = Sessions();
  }
  for (const SessionPtr& session : left) session->Close(CloseCode::kRestart, "the host ends");
}

Status TalkingHost::LoadAvatar(const std::string& id, const Path& path, const LiveAvatarOptions& options) {
  if (!IsId(id)) {
    return Error(ErrorCode::kInvalidInput, "avatar id '" + id.substr(0, 80) + "' is not 1 to 64 of a-z, 0-9, _ and -");
  }
  {
    const std::lock_guard lock(mutex_);
    if (avatars_.contains(id) || loading_.contains(id)) {
      return Error(ErrorCode::kInvalidInput, "avatar '" + id + "' is loaded already; unload it first");
    }
    loading_.insert(id);
  }
  auto avatar = LiveAvatar::Open(id, path, options, options_.composite);
  const std::lock_guard lock(mutex_);
  loading_.erase(id);
  if (!avatar.ok()) return std::move(avatar).TakeError().Within("avatar '" + id + "'");
  avatars_[id] = std::move(avatar).value();
  return {};
}

Status TalkingHost::UnloadAvatar(const std::string& id) {
  std::shared_ptr<LiveAvatar> last;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto found = avatars_.find(id);
  if (found == avatars_.end()) return Error(ErrorCode::kInvalidInput, "no avatar '" + id + "' is loaded");
  last = std::move(found->second);
  avatars_.erase(found);
  return {};
}

std::vector<AvatarFacts> TalkingHost::ListAvatars() const {
  std::vector<AvatarFacts> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, avatar] : avatars_) {
    list.push_back(avatar->facts());
    for (const auto& [name, session] : sessions_) list.back().sessions += session->avatar() == avatar ? 1 : 0;
  }
  return list;
}

std::optional<AvatarFacts> TalkingHost::FindAvatar(const std::string& id) const {
  for (AvatarFacts& facts : ListAvatars()) {
    if (facts.id == id) return std::move(facts);
  }
  return std::nullopt;
}

std::shared_ptr<const Avatar> TalkingHost::AvatarOf(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = avatars_.find(id);
  return found == avatars_.end() ? nullptr : found->second->shared_avatar();
}

std::vector<TalkingHost::SessionPtr> TalkingHost::Sessions() const {
  std::vector<SessionPtr> sessions;
  sessions.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) sessions.push_back(session);
  return sessions;
}

// However slow the machine, one session may try.
int64_t TalkingHost::LimitOf(const LiveAvatar& avatar, double session_fps) const {
  const int64_t slots = SpeakingSlots(avatar.frames_per_second(), session_fps, options_.headroom);
  return std::max<int64_t>(1, ConnectedLimit(std::max<int64_t>(1, slots), options_.duty));
}

double TalkingHost::LoadOf(const LiveAvatar& avatar, double session_fps) const {
  return 1.0 / static_cast<double>(LimitOf(avatar, session_fps));
}

double TalkingHost::TotalLoad() const {
  double load = 0;
  for (const auto& [id, session] : sessions_) load += LoadOf(*session->avatar(), session->fps());
  return load;
}

std::optional<ProtocolError> TalkingHost::Refuse(const LiveAvatar& avatar, const SessionSettings& settings) const {
  if (draining_) return Refusal("overload", "draining", "this server is shutting down", CloseCode::kRestart);
  if (static_cast<int>(sessions_.size()) >= options_.max_sessions) {
    return Refusal("overload", "overloaded",
                   std::to_string(sessions_.size()) + " sessions are open, which is the limit", CloseCode::kOverload);
  }
  if (options_.admit_all) return std::nullopt;
  if (shedding_level_ >= static_cast<int>(Shedding::kRefuse)) {
    return Refusal("overload", "overloaded", "frames are late, so no session is taken at the moment",
                   CloseCode::kOverload);
  }
  constexpr double kRounding = 1e-6;
  if (TotalLoad() + LoadOf(avatar, settings.fps.AsDouble()) > 1 + kRounding) {
    return Refusal("overload", "overloaded",
                   "all " + std::to_string(LimitOf(avatar, settings.fps.AsDouble())) + " slots are taken",
                   CloseCode::kOverload);
  }
  return std::nullopt;
}

LiveHost::Opened TalkingHost::OpenSession(const SessionSettings& wanted, std::shared_ptr<SessionSink> sink,
                                          bool in_process) {
  SessionSettings settings = wanted;
  SessionPtr session;
  std::optional<ProtocolError> refused;
  {
    const std::lock_guard lock(mutex_);
    const auto found = avatars_.find(settings.avatar);
    if (found == avatars_.end()) {
      refused = Refusal("invalid_request", "avatar_unknown",
                        "no avatar '" + settings.avatar.substr(0, 80) + "' is loaded", CloseCode::kNoAvatar);
      refused->param = "avatar";
    } else {
      refused = CheckAgainst(*found->second, settings);
      if (!refused) refused = CheckSettings(settings, in_process);
      if (refused) {
        refused->fatal = true;
        refused->close = CloseCode::kBadHello;
      } else {
        refused = Refuse(*found->second, settings);
      }
    }
    if (!refused) {
      TalkingSession::Facts facts{"s" + Secret().substr(0, 16), Secret(), in_process, options_.limits};
      session =
          std::make_shared<TalkingSession>(static_cast<SessionHost&>(*this), facts, std::move(settings), found->second);
      sessions_[facts.id] = session;
    }
  }
  {
    const std::lock_guard lock(metrics_mutex_);
    ++(refused ? metrics_.sessions_refused : metrics_.sessions_opened);
    if (refused) ++metrics_.errors[refused->code];
  }
  if (refused) return *std::move(refused);
  Log(LogLevel::kInfo, "session open", {{"id", session->id()}, {"avatar", wanted.avatar}});
  if (sink != nullptr) session->Attach(std::move(sink), false);
  Wake();
  return std::shared_ptr<LiveSession>(session);
}

LiveHost::Opened TalkingHost::Attach(const std::string& session_id, std::shared_ptr<SessionSink> sink) {
  SessionPtr session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session_id);
    if (found != sessions_.end()) session = found->second;
  }
  if (session == nullptr) {
    return Refusal("invalid_request", "session_unknown", "there is no such session, or it has ended",
                   CloseCode::kBadHello);
  }
  if (!session->Attach(std::move(sink), false)) {
    return Refusal("invalid_request", "session_attached", "the session has a connection; session.resume takes it over",
                   CloseCode::kResumed);
  }
  return std::shared_ptr<LiveSession>(session);
}

LiveHost::Opened TalkingHost::Resume(const std::string& token, int64_t next_sample, std::shared_ptr<SessionSink> sink) {
  SessionPtr session;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, candidate] : sessions_) {
      if (SameSecret(candidate->resume_token(), token)) session = candidate;
    }
  }
  if (session != nullptr && next_sample > session->samples()) {
    return Refusal("invalid_request", "resume_gap",
                   "the client has samples from " + std::to_string(next_sample) + " on; the server got " +
                       std::to_string(session->samples()),
                   CloseCode::kBadHello);
  }
  if (session == nullptr || !session->Attach(std::move(sink), true)) {
    return Refusal("invalid_request", "resume_unknown", "no session has this resume_token, or it has ended",
                   CloseCode::kBadHello);
  }
  return std::shared_ptr<LiveSession>(session);
}

std::shared_ptr<LiveSession> TalkingHost::FindSession(const std::string& session_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() ? nullptr : found->second;
}

void TalkingHost::Forget(const std::string& session_id) {
  SessionPtr session;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session_id);
  if (found == sessions_.end()) return;
  session = std::move(found->second);
  sessions_.erase(found);
}

void TalkingHost::Drain(int64_t deadline_ms) {
  std::vector<SessionPtr> sessions;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    drain_us_ = clock_.NowUs() + std::max<int64_t>(0, deadline_ms) * 1000;
    sessions = Sessions();
  }
  for (const SessionPtr& session : sessions) session->TellDraining(deadline_ms);
  Wake();
}

bool TalkingHost::drained() const {
  const std::lock_guard lock(mutex_);
  return draining_ && sessions_.empty();
}

Readiness TalkingHost::readiness() const {
  const std::lock_guard lock(mutex_);
  if (draining_) return Readiness::kDraining;
  if (!loading_.empty() && avatars_.empty()) return Readiness::kLoading;
  if (avatars_.empty()) return Readiness::kNoAvatar;
  return shedding_level_ >= static_cast<int>(Shedding::kRefuse) ? Readiness::kOverloaded : Readiness::kReady;
}

Capacity TalkingHost::capacity() const {
  const std::lock_guard lock(mutex_);
  Capacity capacity;
  capacity.used = static_cast<int64_t>(sessions_.size());
  capacity.total = options_.max_sessions;
  if (options_.admit_all) return capacity;
  for (const auto& [id, avatar] : avatars_) {
    capacity.total = std::min(capacity.total, LimitOf(*avatar, avatar->facts().fps.AsDouble()));
  }
  if (avatars_.empty()) capacity.total = 0;
  return capacity;
}

LiveMetrics TalkingHost::metrics() const {
  LiveMetrics metrics;
  {
    const std::lock_guard lock(metrics_mutex_);
    metrics = metrics_;
  }
  metrics.slots_total = capacity().total;
  metrics.shedding_level = shedding_level_;
  const std::lock_guard lock(mutex_);
  metrics.slots_used = TotalLoad() * static_cast<double>(metrics.slots_total);
  metrics.admission_open = !draining_ && metrics.shedding_level == 0 && !avatars_.empty();
  for (const auto& [id, session] : sessions_) {
    const bool attached = session->attached();
    ++(!attached ? metrics.sessions_detached : session->speaking() ? metrics.sessions_speaking : metrics.sessions_idle);
    metrics.audio_buffer_seconds += static_cast<double>(session->buffered_ms()) / 1000;
  }
  for (const auto& [id, avatar] : avatars_) {
    const TemplateCache::Stats stats = avatar->template_stats();
    metrics.template_hits += stats.hits;
    metrics.template_misses += stats.misses;
    metrics.template_bytes += static_cast<int64_t>(stats.bytes);
    metrics.frame_store_bytes += avatar->frames().bytes();
  }
  return metrics;
}

void TalkingHost::Count(const std::string& error_code) {
  const std::lock_guard lock(metrics_mutex_);
  ++metrics_.errors[error_code];
}

void TalkingHost::CountDropped(int64_t frames) {
  const std::lock_guard lock(metrics_mutex_);
  metrics_.frames_dropped += frames;
}

void TalkingHost::CountBargeIn(int64_t us) {
  const std::lock_guard lock(metrics_mutex_);
  metrics_.barge_in.Add(static_cast<double>(us) / 1e6);
}

}  // namespace lips
