// A live session's inside: what came in, what is due, what has gone out.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/stats.h"
#include "live/batch.h"
#include "live/client_skips.h"
#include "live/clock.h"
#include "live/delivery.h"
#include "live/ease.h"
#include "live/frame_clock.h"
#include "live/frame_maker.h"
#include "live/frame_plan.h"
#include "live/session.h"
#include "live/shedding.h"
#include "live/utterance.h"
#include "talker/presence.h"

namespace lips {

// What a session tells its host, which outlives it. All but CountDropped are called without the session's lock.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual int64_t NowUs() const = 0;
  virtual void Wake() = 0;  // a session has work
  virtual void Count(const std::string& error_code) = 0;
  virtual void CountDropped(int64_t frames) = 0;
  virtual void CountBargeIn(int64_t us) = 0;
  virtual void Forget(const std::string& session_id) = 0;  // it is closed
};

// Everything that happened to a frame, for the host's metrics.
struct FrameFate {
  bool sent = false, late = false, stale = false, repeated = false, idle = false, invalid = false;
  bool first = false;  // of its utterance
  int64_t latency_us = 0;
};

// The functions of LiveSession on any thread; the rest on the host's compute thread. Time is the host's clock alone.
//
// An interruption moves the epoch. Each frame is planned in an epoch; when it is made and the epoch is another one, it
// is thrown away.
class TalkingSession final : public LiveSession {
 public:
  struct Facts {
    std::string id, resume_token;
    bool in_process = false;
    SessionLimits limits;
  };
  TalkingSession(SessionHost& host, Facts facts, SessionSettings settings, std::shared_ptr<LiveAvatar> avatar);

  const std::string& id() const override { return facts_.id; }
  const std::string& resume_token() const override { return facts_.resume_token; }
  SessionSettings settings() const override;
  bool closed() const override;
  int64_t samples() const override;
  int64_t buffered_ms() const override;
  void Push(std::span<const uint8_t> pcm) override;
  void PushSamples(std::span<const float> samples) override;
  void Commit(const std::string& utterance, const std::string& event_id) override;
  void Clear(const std::string& event_id) override;
  void Update(const SettingsChange& change, const std::string& event_id) override;
  void Report(const PlaybackReportEvent& report) override;
  void RequestKeyframe() override;
  void SetHalfRate(bool half) override;
  void Handle(const ClientEvent& event) override;
  void HandleText(std::string_view text) override;
  void Detach() override;
  void Close(CloseCode code, const std::string& reason) override;
  void Wake() override;

  // A connection takes it: the first one, or one that resumes. A connection that has it is told 4409. False: it already
  // has one and this is no resumption, or it is closed.
  bool Attach(std::shared_ptr<SessionSink> sink, bool resume);
  void TellDraining(int64_t deadline_ms);
  void Warn(const std::string& code, const std::string& detail);

  // Takes in what came, and does what its timers ask for.
  void Advance();
  // The next moment Advance has something to do by itself.
  std::optional<int64_t> TimerUs() const;
  bool TakeDirty() { return dirty_.exchange(false); }
  // The next frame that can be made, and when. Nothing: only new input, or a timer, brings one.
  std::optional<DueFrame> NextFrame(int64_t now_us) const;
  // Decides on that frame. Nothing when it is left out. `shedding` is the host's.
  std::optional<FramePlan> PlanFrame(int64_t now_us, Shedding shedding, FrameMaker& maker);
  // Sends what was made of it.
  FrameFate FinishFrame(const FramePlan& plan, MadeFrame made);

  bool speaking() const;
  bool attached() const;
  const std::shared_ptr<LiveAvatar>& avatar() const { return output_.avatar; }
  double fps() const;
  int64_t opened_us() const { return opened_us_; }

 private:
  struct Input {
    std::vector<float> samples;
    int64_t at_us = 0;
    uint32_t utterance = 0;
    int64_t start_sample = 0;  // of the utterance
    bool commit = false;
    std::string name;
  };
  // The utterance on its way out.
  struct Speaking {
    uint32_t utterance = 0;
    std::string name;
    int64_t first_pts_us = 0;
    int64_t last_pts_us = 0;  // of what was sent
    int64_t samples = 0;
    int64_t frames_sent = 0, frames_dropped = 0;
    bool warned = false;  // of an underrun
    bool invalid_told = false;
    DurationStats latency_ms;
  };
  struct Totals {
    int64_t sent = 0, dropped = 0, late = 0, repeated = 0, utterances = 0, interruptions = 0;
  };

  // With mutex_ held.
  bool AcceptAudio(int64_t samples, ProtocolError& error);
  void CommitLocked(const std::string& name, int64_t now_us);
  void PostDone(bool interrupted, int64_t now_us);
  void PostCreated(bool resumed);
  void PostStats(int64_t now_us);
  int64_t PlayedOf(const Speaking& speaking, int64_t now_us) const;
  int64_t BufferedMs() const;
  void UpdatePause();
  int64_t DetachedLimitUs() const;
  int64_t LeadUs() const;
  int64_t PlayoutUs() const;
  FramePlan NewPlan(int64_t frame, int64_t now_us);
  bool LeavesOut(Utterance& utterance, int64_t k, int64_t now_us);
  void CountLost(Speaking* speaking);
  bool LeavesHalf() const { return half_rate_ || client_skips_.too_many(); }
  void CatchUnderrun(const Utterance& utterance, int64_t k, int64_t ready_us);

  void Fail(ProtocolError error, const std::string& event_id);
  void FinishAndClose();
  static ProtocolError ErrorOf(const MadeFrame& made);
  void BeInterrupted(int64_t cut_us);
  void TakeInput(std::vector<Input> inputs);
  void RunTimers(int64_t now_us);
  bool Starves() const;
  bool SpeechIsNext() const;
  void StartUtterance(Utterance& utterance, int64_t now_us);
  void EndUtterance();
  std::optional<FramePlan> PlanSpeech(Utterance& utterance, int64_t now_us, Shedding shedding, FrameMaker& maker);
  std::optional<FramePlan> PlanIdle(int64_t now_us);
  void PlanSound(Utterance& utterance, int64_t k, bool last, FrameMaker& maker, FramePlan* plan);
  int64_t TemplateIndexOf(int64_t frame) const;
  bool ShowsTemplateAtRest() const;
  float NextPresence(bool quiet);
  int FadeFrames() const;
  int EaseFrames() const;  // from speech to rest

  SessionHost& host_;
  const Facts facts_;
  const int64_t opened_us_;
  std::atomic<bool> dirty_ = true;
  Delivery delivery_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  SessionSettings settings_;
  FrameClock clock_;
  std::vector<Input> inbox_;
  uint64_t epoch_ = 0;
  int64_t cut_us_ = 0;  // media time of the last interruption
  bool started_ = false, closing_ = false, closed_ = false;
  bool settings_changed_ = true;
  int64_t samples_ = 0, rendered_samples_ = 0, acked_samples_ = 0;
  uint32_t open_utterance_ = 0;  // takes samples; 0: none
  uint32_t last_utterance_ = 0;
  int64_t utterance_start_ = 0;
  bool paused_ = false, half_rate_ = false, key_wanted_ = false, discontinuity_ = false, renew_encoder_ = false;
  bool dropped_before_ = false, got_message_ = false;
  bool stalled_ = false;        // the last utterance was ended because its audio stayed away
  bool ended_unheard_ = false;  // the utterance's last frame was made while nobody was connected
  int queued_utterances_ = 0;
  int64_t last_message_us_, last_ack_us_, last_stats_us_;
  int64_t last_audio_us_ = 0, last_plan_us_ = 0, last_spoken_us_ = 0;
  int64_t detached_us_;  // since when there is no connection; -1: there is one
  bool was_attached_ = false;
  bool expiring_told_ = false;
  PlaybackReportEvent playback_;  // the last one
  ClientSkips client_skips_;
  uint32_t seq_ = 0;
  std::deque<Speaking> speaking_;  // more than one only while the last frame of the first is being made
  Totals totals_;
  int64_t sent_end_us_ = 0;  // media time of what was sent last, its duration included

  // The compute thread's own:
  FrameOutput output_;
  Timeline template_time_;
  std::deque<Utterance> utterances_;
  uint64_t seen_epoch_ = 0;
  std::vector<float> last_window_;
  Presence presence_;
  int ease_left_ = 0;
  int64_t next_frame_ = 0;
  int64_t template_lag_ = 0;  // frames that were planned but never seen
  int64_t audio_end_us_ = 0;  // of the utterance before, in media time
  int in_flight_ = 0;         // frames planned and not finished
};

// Fills in what settings leave to the avatar. The error says what the avatar cannot do.
std::optional<ProtocolError> CheckAgainst(const LiveAvatar& avatar, SessionSettings& settings);

}  // namespace lips
