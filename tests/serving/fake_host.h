// A live host without networks and clocks: sessions answer at once and in a way tests can foresee.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "live/host.h"

namespace lips::serving {

// Each Push is answered by an input_audio.ack and one media message of `frame_bytes`. Calls of sessions come from the
// server's loop; LoadAvatar from its loading thread.
class FakeHost : public LiveHost {
 public:
  size_t frame_bytes = 1000;
  int max_sessions = 10;
  bool is_alive = true;
  Readiness state = Readiness::kReady;

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
  Readiness readiness() const override { return draining_ ? Readiness::kDraining : state; }
  Capacity capacity() const override;
  LiveMetrics metrics() const override;
  int64_t now_us() const override { return SteadyClock().NowUs(); }
  bool alive() const override { return is_alive; }
  std::optional<int64_t> RunDue() override { return std::nullopt; }

  size_t sessions() const;
  size_t detached() const;

 private:
  class Session;
  struct Entry {
    std::shared_ptr<const Avatar> avatar;
    AvatarFacts facts;
  };
  void Announce(Session& session, bool resumed);

  mutable std::mutex mutex_;
  std::map<std::string, Entry> avatars_;                      // guarded by mutex_
  std::map<std::string, std::shared_ptr<Session>> sessions_;  // guarded by mutex_
  int64_t made_ = 0;
  bool draining_ = false;
};

}  // namespace lips::serving
