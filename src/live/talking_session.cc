// What the host's compute thread does with a session between frames: it takes in what came, and keeps its timers.
#include "live/talking_session.h"

#include <algorithm>
#include <utility>

namespace lips {
namespace {

constexpr int64_t kAckUs = 500'000;
constexpr int64_t kExpiringUs = 60'000'000;
constexpr int64_t kEndlessRows = int64_t{1} << 40;

}  // namespace

void TalkingSession::Advance() {
  std::vector<Input> inputs;
  bool renew = false;
  bool changed = false;
  bool interrupted = false;
  int64_t cut_us = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    inputs.swap(inbox_);
    renew = std::exchange(renew_encoder_, false);
    changed = std::exchange(settings_changed_, false);
    if (changed) output_.settings = settings_;
    interrupted = std::exchange(seen_epoch_, epoch_) != epoch_;
    cut_us = cut_us_;
  }
  if (changed) {
    const VideoInfo& video = output_.avatar->avatar().video();
    const SessionSettings& settings = output_.settings;
    template_time_ =
        Timeline(kEndlessRows, settings.fps, video.frames, video.fps, settings.start_frame, Loop::kPingPong);
    if (output_.pictures) output_.pictures->SetRate(settings.quality, settings.bitrate_kbps);
  }
  if (renew) {
    output_.pictures.reset();
    output_.sound.reset();
  }
  if (interrupted) BeInterrupted(cut_us);
  TakeInput(std::move(inputs));
  RunTimers(host_.NowUs());
}

// What was planned beyond the cut was never seen: the template goes on from what was.
void TalkingSession::BeInterrupted(int64_t cut_us) {
  utterances_.clear();
  audio_end_us_ = 0;
  ease_left_ = next_frame_ > 0 ? EaseFrames() : 0;
  const std::lock_guard lock(mutex_);
  template_lag_ += std::max<int64_t>(0, next_frame_ - clock_.FrameFrom(cut_us));
  clock_.origin_us.reset();
  discontinuity_ = true;
}

void TalkingSession::TakeInput(std::vector<Input> inputs) {
  for (Input& input : inputs) {
    Status status;
    if (input.commit) {
      if (utterances_.empty() || utterances_.back().number() != input.utterance) continue;
      status = utterances_.back().Commit(std::move(input.name), input.at_us);
    } else {
      if (utterances_.empty() || utterances_.back().number() != input.utterance) {
        const SessionSettings& settings = output_.settings;
        const VideoInfo& video = output_.avatar->avatar().video();
        Utterance::Shape shape{settings.audio_rate_hz,
                               settings.gives_sound(),
                               settings.gates_silence(),
                               settings.fps,
                               video.fps,
                               video.frames};
        auto begun = Utterance::Begin(input.utterance, input.start_sample, shape, output_.avatar->encoder());
        if (!begun.ok()) {
          status = std::move(begun).TakeError();
        } else {
          utterances_.push_back(std::move(begun).value());
        }
      }
      if (status.ok()) status = utterances_.back().Push(input.samples, input.at_us);
    }
    if (status.ok()) continue;
    ProtocolError error{"server", "audio_failed", status.error().message()};
    error.fatal = true;
    return Fail(std::move(error), {});
  }
}

std::optional<int64_t> TalkingSession::TimerUs() const {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::nullopt;
  const SessionLimits& limits = facts_.limits;
  std::optional<int64_t> next;
  const auto at = [&next](int64_t us) { next = std::min(next.value_or(us), us); };
  if (closing_ && utterances_.empty() && speaking_.empty()) at(host_.NowUs());
  if (detached_us_ >= 0) {
    at(detached_us_ + DetachedLimitUs());
    return next;
  }
  if (samples_ > acked_samples_) at(last_ack_us_ + kAckUs);
  if (facts_.in_process) return next;
  if (open_utterance_ != 0 && Starves()) at(std::max(last_audio_us_, last_plan_us_) + int64_t{limits.stall_ms} * 1000);
  const int silent_ms = got_message_ ? limits.idle_ms : limits.first_message_ms;
  at(std::max(last_message_us_, last_spoken_us_) + int64_t{silent_ms} * 1000);
  const int64_t expiry_us = opened_us_ + int64_t{limits.session_ms} * 1000;
  at(expiring_told_ ? expiry_us : expiry_us - kExpiringUs);
  return next;
}

// With mutex_ held. How long the session waits for a connection: for its first one, or for the one it lost.
int64_t TalkingSession::DetachedLimitUs() const {
  return int64_t{was_attached_ ? facts_.limits.resume_ms : facts_.limits.connect_ms} * 1000;
}

// The open utterance has nothing left to show.
bool TalkingSession::Starves() const {
  return utterances_.size() == 1 && !utterances_.front().committed() &&
         !utterances_.front().ReadyUs(utterances_.front().next);
}

void TalkingSession::RunTimers(int64_t now_us) {
  const SessionLimits& limits = facts_.limits;
  std::optional<std::pair<CloseCode, const char*>> close;
  bool commit_again = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    const auto past = [now_us](int64_t since_us, int64_t ms) { return now_us - since_us >= ms * 1000; };
    if (closing_ && utterances_.empty() && inbox_.empty() && speaking_.empty()) close = {CloseCode::kNormal, "client"};
    if (detached_us_ >= 0) {
      if (now_us - detached_us_ >= DetachedLimitUs()) {
        close = {CloseCode::kIdle, was_attached_ ? "not resumed" : "not connected"};
      }
    } else {
      if (samples_ > acked_samples_ && now_us - last_ack_us_ >= kAckUs) {
        acked_samples_ = samples_;
        last_ack_us_ = now_us;
        delivery_.Post(ServerEvent(AudioAckEvent{samples_, BufferedMs()}));
      }
      if (!facts_.in_process) {
        if (open_utterance_ != 0 && inbox_.empty() && Starves() &&
            past(std::max(last_audio_us_, last_plan_us_), limits.stall_ms)) {
          CommitLocked({}, now_us);
          stalled_ = commit_again = true;
        }
        if (past(std::max(last_message_us_, last_spoken_us_),
                 got_message_ ? limits.idle_ms : limits.first_message_ms)) {
          close = {CloseCode::kIdle, got_message_ ? "idle" : "nothing was said"};
        }
        const int64_t expiry_us = opened_us_ + int64_t{limits.session_ms} * 1000;
        if (now_us >= expiry_us - kExpiringUs && !std::exchange(expiring_told_, true)) {
          delivery_.Post(ServerEvent(SessionExpiringEvent{(expiry_us - now_us) / 1000}));
        }
        if (now_us >= expiry_us) close = {CloseCode::kTimeLimit, "session time limit"};
      }
    }
  }
  delivery_.Pump();
  if (close) return Close(close->first, close->second);
  if (commit_again) Advance();
}

}  // namespace lips
