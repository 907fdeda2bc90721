// The live host: avatars kept ready, sessions that speak through them, and the scheduler that keeps all of them in
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "composite/composite.h"
#include "composite/jaw_mask.h"
#include "composite/label.h"
#include "engine/generator.h"
#include "live/clock.h"
#include "live/frame_encoder.h"
#include "live/live_metrics.h"
#include "live/protocol_error.h"
#include "live/server_event.h"
#include "live/session.h"
#include "live/session_sink.h"
#include "live/settings.h"

namespace lips {

struct LiveAvatarOptions {
  AvatarOptions avatar = {};
  GeneratorOptions engine =
      {};  // kNull: no network, for load tests; `used`, `samples` and `stored` are the host's to set
  // Memory for what the network computed of template frames; nothing: a quarter of what is available, at most 4 GiB.
  std::optional<int64_t> template_bytes = {};
  std::optional<TemplateLevel> template_level = {};  // nothing: by the budget
  // Memory for decoded template frames; nothing: an eighth of what is available, at most 1 GiB.
  std::optional<int64_t> frame_bytes = {};
  std::optional<double> frames_per_second = {};  // taken for granted instead of calibrated
  // Put around the engine that was opened: to measure it, or to have it fail.
  std::function<std::unique_ptr<Generator>(std::unique_ptr<Generator>)> wrap = {};
  bool fill = true;  // prepare templates in the background
  // Burnt into every whole picture; what serves template videos burns it into those (live/live_label.h). Opening fails
  // where it finds no place.
  std::optional<LabelOptions> label = {};
};

struct LiveHostOptions {
  SessionLimits limits = {};
  CompositeMode composite = CompositeMode::kNatural;  // what avatars are opened for; compatible allows both
  double feather = kUsualFeather;                     // of natural compositing: kMinFeather .. kMaxFeather
  int threads = 0;          // that paste and encode, the compute thread included; 0: one per core
  double headroom = 0.85;   // share of the calibrated speed that is given away
  double duty = 1.0;        // share of the time sessions speak; below 1 more are admitted than can speak at once
  int max_sessions = 1000;  // whatever the slots
  bool admit_all = false;   // no admission by slots: for load tests and programs of one session
  const LiveClock* clock = nullptr;  // null: the system's
  // No thread of its own: the owner calls RunDue. For tests and programs that pull.
  bool manual = false;
  LiveEncoderFactory picture_encoder = {};  // null: OpenPictureEncoder
  LiveEncoderFactory sound_encoder = {};    // null: OpenSoundEncoder
  // Told when batch work should pause (true) or may go on, from the compute thread.
  std::function<void(bool pause)> pause_batch = {};
};

struct Capacity {
  int64_t used = 0;   // sessions open
  int64_t total = 0;  // that could be, at the avatars' own frame rate
};

enum class Readiness : uint8_t { kReady, kLoading, kNoAvatar, kOverloaded, kDraining };
std::string_view Name(Readiness readiness);

// Any thread may call any function. LoadAvatar blocks for seconds (opening, warm-up, calibration), Unload and Drain and
// everything else return at once; the destructor waits for the batch that is being computed. Callbacks and sinks are
// called as live/session_sink.h says.
//
// One compute thread (with a team for pasting and encoding, and the engines' own) serves all sessions; all sessions of
// an avatar share one copy of its weights and template frames.
class LiveHost {
 public:
  static Result<std::unique_ptr<LiveHost>> Create(LiveHostOptions options);
  virtual ~LiveHost() = default;

  // `id`: [a-z0-9_-]{1,64}. The avatar can be spoken through once this returned; others speak meanwhile, a little
  // slower. Replaces nothing. Errors: kInvalidInput (the id, or it is taken); those of opening.
  virtual Status LoadAvatar(const std::string& id, const Path& path, const LiveAvatarOptions& options) = 0;
  // No new session gets it. Those that have it keep it; memory is given back with the last. Errors: kInvalidInput when
  // there is none of that name.
  virtual Status UnloadAvatar(const std::string& id) = 0;
  virtual std::vector<AvatarFacts> ListAvatars() const = 0;
  virtual std::optional<AvatarFacts> FindAvatar(const std::string& id) const = 0;
  // The package itself (its template video, for GET background.mp4); null when there is none of that name.
  virtual std::shared_ptr<const Avatar> AvatarOf(const std::string& id) const = 0;

  using Opened = std::variant<std::shared_ptr<LiveSession>, ProtocolError>;
  // A session; session.created is the first thing its sink gets, possibly before this returns. Without a sink it waits
  // limits.connect_ms for Attach: what POST /v1/sessions makes. Refusals (`close` says with which code): avatar_unknown
  // (4404), overloaded (1013), draining (1012), a setting's error (4400).
  virtual Opened OpenSession(const SessionSettings& settings, std::shared_ptr<SessionSink> sink,
                             bool in_process = false) = 0;
  // The first connection of a session that was opened without. Refusals: session_unknown (4400), session_attached
  // (4409).
  virtual Opened Attach(const std::string& session_id, std::shared_ptr<SessionSink> sink) = 0;
  // Takes a session over with its token, from a connection that is gone or still thinks it has it (which is closed with
  // 4409). session.created says resumed and next_sample. Refusals: resume_unknown (4400), resume_gap (4400: the client
  // has forgotten samples the host never got).
  virtual Opened Resume(const std::string& token, int64_t next_sample, std::shared_ptr<SessionSink> sink) = 0;
  virtual std::shared_ptr<LiveSession> FindSession(const std::string& session_id) const = 0;

  // No new sessions; those there are told and closed with 1012 after `deadline_ms`.
  virtual void Drain(int64_t deadline_ms) = 0;
  virtual bool drained() const = 0;  // draining, and no session is left

  virtual Readiness readiness() const = 0;
  virtual Capacity capacity() const = 0;
  virtual LiveMetrics metrics() const = 0;
  virtual int64_t now_us() const = 0;
  // When the compute thread was last seen alive (it beats at least every half second while it works): for liveness.
  virtual bool alive() const = 0;

  // LiveHostOptions::manual only: does everything that is due now and gives the time of what comes next; nothing when
  // only a call can bring work.
  virtual std::optional<int64_t> RunDue() = 0;
};

}  // namespace lips
