// The host's inside: its avatars, its sessions, and the thread that serves them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "live/batch.h"
#include "live/frame_maker.h"
#include "live/host.h"
#include "live/live_avatar.h"
#include "live/shedding.h"
#include "live/talking_session.h"

namespace lips {

class TalkingHost final : public LiveHost, private SessionHost {
 public:
  explicit TalkingHost(LiveHostOptions options);
  ~TalkingHost() override;

  Status LoadAvatar(const std::string& id, const Path& path, const LiveAvatarOptions& options) override;
  Status UnloadAvatar(const std::string& id) override;
  std::vector<AvatarFacts> ListAvatars() const override;
  std::optional<AvatarFacts> FindAvatar(const std::string& id) const override;
  std::shared_ptr<const Avatar> AvatarOf(const std::string& id) const override;
  Opened OpenSession(const SessionSettings& settings, std::shared_ptr<SessionSink> sink, bool in_process) override;
  Opened Attach(const std::string& session_id, std::shared_ptr<SessionSink> sink) override;
  Opened Resume(const std::string& token, int64_t next_sample, std::shared_ptr<SessionSink> sink) override;
  std::shared_ptr<LiveSession> FindSession(const std::string& session_id) const override;
  void Drain(int64_t deadline_ms) override;
  bool drained() const override;
  Readiness readiness() const override;
  Capacity capacity() const override;
  LiveMetrics metrics() const override;
  int64_t now_us() const override { return clock_.NowUs(); }
  bool alive() const override;
  std::optional<int64_t> RunDue() override;

 private:
  using SessionPtr = std::shared_ptr<TalkingSession>;
  class Queues;

  // SessionHost.
  int64_t NowUs() const override { return clock_.NowUs(); }
  void Wake() override;
  void Count(const std::string& error_code) override;
  void CountDropped(int64_t frames) override;
  void CountBargeIn(int64_t us) override;
  void Forget(const std::string& session_id) override;

  // With mutex_ held.
  std::vector<SessionPtr> Sessions() const;
  std::optional<ProtocolError> Refuse(const LiveAvatar& avatar, const SessionSettings& settings) const;
  int64_t LimitOf(const LiveAvatar& avatar, double session_fps) const;
  double LoadOf(const LiveAvatar& avatar, double session_fps) const;
  double TotalLoad() const;

  // The compute thread's.
  void Serve(const std::stop_token& stop);
  void KeepHouse(bool empty, int64_t now_us, std::optional<int64_t>& next_us);
  bool network_is_cheap() const { return network_cost_us_ < frame_cost_us_ / 2; }  // against what comes after it
  int FramesTogether() const;
  bool RunBatch(const std::vector<SessionPtr>& sessions, int64_t now_us, std::optional<int64_t>& next_us);
  void Shed(const std::vector<SessionPtr>& sessions, int64_t now_us);
  void CloseDrained(const std::vector<SessionPtr>& sessions, int64_t now_us, std::optional<int64_t>& next_us);
  void Note(const FrameFate& fate);

  const LiveHostOptions options_;
  const LiveClock& clock_;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<LiveAvatar>> avatars_;  // guarded by mutex_
  std::set<std::string> loading_;                               // guarded by mutex_: ids
  std::map<std::string, SessionPtr> sessions_;                  // guarded by mutex_: open ones, by id
  bool draining_ = false;                                       // guarded by mutex_
  int64_t drain_us_ = 0;                                        // guarded by mutex_: when what is left is closed

  mutable std::mutex metrics_mutex_;
  LiveMetrics metrics_;  // guarded by metrics_mutex_: counts; gauges are filled in when asked

  std::atomic<int> shedding_level_{0};
  std::atomic<int64_t> beat_us_{0};
  std::atomic<bool> busy_{false};

  // The compute thread's.
  LoadShedding shedding_;
  FrameMaker maker_;
  std::vector<FramePlan> plans_;
  std::vector<MadeFrame> made_;
  StageTimes times_;
  double network_cost_us_ = 0;      // of frame_cost_us_
  double frame_cost_us_ = 0;        // a running mean
  bool used_ = false;               // there were sessions since memory was given back
  std::optional<int64_t> left_us_;  // when the last of them was seen to be gone

  std::mutex wake_mutex_;
  std::condition_variable_any wake_;
  bool woken_ = false;   // guarded by wake_mutex_
  std::jthread thread_;  // goes first
};

}  // namespace lips
