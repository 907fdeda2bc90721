// The host's compute thread: it sleeps until something is due, and makes what is due.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "live/live_host.h"

namespace lips {
namespace {

constexpr int kMostJobs = 16;            // frames generated together, whatever the engine likes
constexpr int64_t kShortWaitUs = 2'000;  // for company, where a network would gain little by it

}  // namespace

void TalkingHost::Wake() {
  {
    const std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void TalkingHost::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    busy_ = true;
    const std::optional<int64_t> next_us = RunDue();
    busy_ = false;
    std::unique_lock lock(wake_mutex_);
    const auto ready = [this] { return woken_; };
    if (next_us) {
      const int64_t wait_us = *next_us - clock_.NowUs();
      if (wait_us > 0) wake_.wait_for(lock, stop, std::chrono::microseconds(wait_us), ready);
    } else {
      wake_.wait(lock, stop, ready);
    }
    woken_ = false;
    lock.unlock();
    const std::lock_guard counting(metrics_mutex_);
    ++metrics_.wakeups;
  }
}

bool TalkingHost::alive() const {
  constexpr int64_t kDeadUs = 5'000'000;
  return !busy_ || clock_.NowUs() - beat_us_ < kDeadUs;
}

// The sessions' next frames as the scheduler wants them, and the plans it takes.
class TalkingHost::Queues final : public FrameQueues {
 public:
  Queues(TalkingHost& host, const std::vector<SessionPtr>& sessions, int64_t now_us)
      : host_(host), sessions_(sessions), now_us_(now_us) {}

  int sessions() const override { return static_cast<int>(sessions_.size()); }
  std::optional<DueFrame> NextOf(int session) override {
    return sessions_[static_cast<size_t>(session)]->NextFrame(now_us_);
  }
  void Take(int session) override {
    auto plan = sessions_[static_cast<size_t>(session)]->PlanFrame(now_us_, host_.shedding_.level(), host_.maker_);
    if (!plan) return;
    plan->owner = static_cast<size_t>(session);
    host_.plans_.push_back(*std::move(plan));
  }
  BatchLimits LimitsOf(const void* group) override {
    BatchLimits limits;
    for (const SessionPtr& session : sessions_) {
      if (session->avatar().get() != group) continue;
      limits.most_of_one = std::clamp(session->avatar()->generator().preferred_jobs(), 1, kMostJobs);
      limits.most = std::clamp(host_.FramesTogether(), limits.most_of_one, kMostJobs);
      if (host_.network_is_cheap()) limits.wait_us = kShortWaitUs;
      break;
    }
    limits.cost_us = static_cast<int64_t>(host_.frame_cost_us_);
    return limits;
  }

 private:
  TalkingHost& host_;
  const std::vector<SessionPtr>& sessions_;
  const int64_t now_us_;
};

// Frames of different sessions in one batch: one for each thread that finishes them. Where the network costs less than
// that, several, so that threads seldom wait for one another; where it costs more, the first would wait for the others.
int TalkingHost::FramesTogether() const {
  constexpr int kEach = 4;
  return maker_.threads() * (network_is_cheap() ? kEach : 1);
}

std::optional<int64_t> TalkingHost::RunDue() {
  std::vector<SessionPtr> sessions;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      sessions = Sessions();
    }
    const int64_t now_us = clock_.NowUs();
    beat_us_ = now_us;
    std::optional<int64_t> next_us;
    for (const SessionPtr& session : sessions) {
      const bool dirty = session->TakeDirty();
      std::optional<int64_t> timer_us = session->TimerUs();
      if (dirty || (timer_us && *timer_us <= now_us)) {
        session->Advance();
        timer_us = session->TimerUs();
      }
      if (timer_us) next_us = std::min(next_us.value_or(*timer_us), *timer_us);
    }
    CloseDrained(sessions, now_us, next_us);
    KeepHouse(sessions.empty(), now_us, next_us);
    Shed(sessions, now_us);
    if (const auto shed_us = shedding_.NextUs()) next_us = std::min(next_us.value_or(*shed_us), *shed_us);
    if (!RunBatch(sessions, now_us, next_us)) return next_us;
  }
}

// A moment after the last session, when its connection is gone, too, memory goes back to the system.
void TalkingHost::KeepHouse(bool empty, int64_t now_us, std::optional<int64_t>& next_us) {
  constexpr int64_t kLaterUs = 500'000;
  if (!empty) {
    used_ = true;
    left_us_.reset();
  }
  if (!empty || !used_) return;
  if (!left_us_) left_us_ = now_us;
  if (now_us - *left_us_ < kLaterUs) {
    next_us = std::min(next_us.value_or(*left_us_ + kLaterUs), *left_us_ + kLaterUs);
    return;
  }
  ReturnFreeMemory();
  used_ = false;
  left_us_.reset();
}

// One batch. False when nothing is due yet; `next_us` is then no later than the next frame.
bool TalkingHost::RunBatch(const std::vector<SessionPtr>& sessions, int64_t now_us, std::optional<int64_t>& next_us) {
  plans_.clear();
  Queues queues(*this, sessions, now_us);
  const Picked picked = PickBatch(queues, now_us);
  if (picked.frames == 0) {
    if (picked.next_us) next_us = std::min(next_us.value_or(*picked.next_us), *picked.next_us);
    return false;
  }
  if (plans_.empty()) return true;  // all of them were left out
  times_.entries.clear();
  maker_.Make(plans_, made_, times_);
  const auto count = static_cast<int64_t>(plans_.size());
  for (size_t i = 0; i < plans_.size(); ++i) {
    Note(sessions[plans_[i].owner]->FinishFrame(plans_[i], std::move(made_[i])));
  }
  double batch_s = 0, network_s = 0;
  const std::lock_guard lock(metrics_mutex_);
  for (const StageTimes::Entry& entry : times_.entries) {
    metrics_.stages[static_cast<size_t>(entry.stage)].Add(entry.seconds);
    batch_s += entry.seconds;
    if (entry.stage == LiveStage::kInfer) network_s += entry.seconds;
  }
  constexpr double kNewest = 0.1;  // its weight in the running mean
  const auto renew = [count](double& mean_us, double seconds) {
    mean_us += kNewest * (seconds * 1e6 / static_cast<double>(count) - mean_us);
  };
  renew(frame_cost_us_, batch_s);
  renew(network_cost_us_, network_s);
  ++metrics_.batch_sizes[static_cast<size_t>(std::min<int64_t>(count, kMostJobs))];
  metrics_.queue_depth = picked.frames;
  return true;
}

void TalkingHost::Note(const FrameFate& fate) {
  if (!fate.stale) shedding_.Frame(fate.late, clock_.NowUs());
  const std::lock_guard lock(metrics_mutex_);
  metrics_.frames_sent += fate.sent ? 1 : 0;
  metrics_.frames_late += fate.late ? 1 : 0;
  metrics_.frames_stale += fate.stale ? 1 : 0;
  metrics_.frames_repeated += fate.repeated ? 1 : 0;
  metrics_.frames_invalid += fate.invalid ? 1 : 0;
  metrics_.frames_idle += fate.sent && fate.idle ? 1 : 0;
  if (!fate.sent) return;
  metrics_.frame_latency.Add(static_cast<double>(fate.latency_us) / 1e6);
  if (fate.first) metrics_.first_frame.Add(static_cast<double>(fate.latency_us) / 1e6);
}

void TalkingHost::Shed(const std::vector<SessionPtr>& sessions, int64_t now_us) {
  const Shedding before = shedding_.level();
  if (!shedding_.Update(now_us)) return;
  const Shedding level = shedding_.level();
  shedding_level_ = static_cast<int>(level);
  if (level != before) {
    Log(LogLevel::kWarning, "load shedding", {{"level", static_cast<int>(level)}});
    if (options_.pause_batch && (before == Shedding::kNone || level == Shedding::kNone)) {
      options_.pause_batch(level != Shedding::kNone);
    }
    if (level > before) {
      const std::string detail = "frames are late; step " + std::to_string(static_cast<int>(level)) + " of 4";
      for (const SessionPtr& session : sessions) session->Warn("degraded", detail);
    }
  }
  if (level != Shedding::kCloseNewest || sessions.size() < 2) return;
  const auto newest = std::ranges::max_element(sessions, {}, [](const SessionPtr& s) { return s->opened_us(); });
  (*newest)->Close(CloseCode::kOverload, "overloaded");
}

void TalkingHost::CloseDrained(const std::vector<SessionPtr>& sessions, int64_t now_us,
                               std::optional<int64_t>& next_us) {
  int64_t drain_us = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!draining_) return;
    drain_us = drain_us_;
  }
  if (now_us >= drain_us) {
    for (const SessionPtr& session : sessions) session->Close(CloseCode::kRestart, "the server shuts down");
  } else if (!sessions.empty()) {
    next_us = std::min(next_us.value_or(drain_us), drain_us);
  }
}

}  // namespace lips
