// What the server says: the JSON events of the live protocol.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "image/view.h"
#include "live/protocol_error.h"
#include "live/settings.h"
#include "media/frame.h"

namespace lips {

// Facts about a loaded avatar: the `avatar` of session.created and GET /v1/avatars/{id}.
struct AvatarFacts {
  std::string id;
  std::string name;
  int width = 0;
  int height = 0;
  FrameRate fps;
  int64_t frames = 0;
  int patch_max_w = 0;  // of any patch message
  int patch_max_h = 0;
  std::string model;               // the engine's description
  std::string etag;                // SHA-256 of the avatar's content
  std::string background_version;  // of the template video, in its address; may be empty
  std::string label;               // burnt into template video and whole pictures; empty: none
  Rect label_area;
  bool ready = false;            // loaded and warmed up
  int sessions = 0;              // open now
  double frames_per_second = 0;  // calibrated
  Json ToJson() const;  // with loop:"pingpong", lookahead_ms, background_url (/v1/avatars/ID/background.mp4?v=VERSION)
};

inline constexpr double kLookaheadMs = 452.5;  // audio after a frame's time that the networks must hear: spec.md 2.2

struct SessionCreatedEvent {
  std::string session_id;
  std::string resume_token;
  AvatarFacts avatar;
  SessionSettings settings;
  SessionLimits limits;
  int64_t expires_ms = 0;  // from now until the session's time limit
  bool resumed = false;
  int64_t next_sample = 0;  // where the client goes on (resumed), in input samples of the session
};
struct SessionUpdatedEvent {
  SessionSettings settings;
};
struct UtteranceStartedEvent {
  uint32_t utterance = 0;
  int64_t start_sample = 0;  // in input samples of the session
  int64_t first_pts_us = 0;  // when that sample is heard, in media time
};
struct AudioAckEvent {
  int64_t samples = 0;      // input samples of the session that need not be sent again
  int64_t buffered_ms = 0;  // of them: not yet rendered
};
struct UtteranceDoneEvent {
  uint32_t utterance = 0;
  std::string name;  // as committed
  int64_t frames_sent = 0;
  int64_t frames_dropped = 0;
  int64_t audio_samples = 0;
  int64_t last_pts_us = 0;
  bool interrupted = false;
  int64_t playback_position_ms = 0;  // of the utterance's audio, heard by now
  double first_frame_ms = 0;         // its latency; p50, p99 likewise of all its frames
  double p50_ms = 0;
  double p99_ms = 0;
};
struct OutputClearedEvent {
  uint32_t utterance = 0;    // no media of this or an earlier utterance follows
  int64_t cut_pts_us = 0;    // frames from here on are not to be shown
  int64_t audio_end_ms = 0;  // of the utterance's audio, heard by then
};
struct StatsEvent {
  int64_t frames_sent = 0, frames_dropped = 0, frames_late = 0, frames_repeated = 0;
  int64_t buffered_ms = 0;
  double p50_ms = 0, p99_ms = 0;
  int64_t client_dropped = 0;  // of those sent, as the client's playback.report says
};
struct WarningEvent {
  std::string code;  // slow_client, degraded, audio_underrun, near_limit
  std::string detail;
};
struct SessionExpiringEvent {
  int64_t deadline_ms = 0;
};
struct SessionDrainingEvent {
  int64_t deadline_ms = 0;
};
struct PongEvent {
  Json t;
  int64_t server_us = 0;  // the host's clock
};
struct SessionClosedEvent {
  std::string reason;
  int64_t frames_sent = 0, frames_dropped = 0, frames_late = 0, frames_repeated = 0;
  int64_t audio_samples = 0, utterances = 0, interruptions = 0;
  int64_t client_dropped = 0;
};

using ServerEvent = std::variant<SessionCreatedEvent, SessionUpdatedEvent, UtteranceStartedEvent, AudioAckEvent,
                                 UtteranceDoneEvent, OutputClearedEvent, StatsEvent, WarningEvent, SessionExpiringEvent,
                                 SessionDrainingEvent, PongEvent, ProtocolError, SessionClosedEvent>;

// One line of JSON, `type` first.
std::string ToText(const ServerEvent& event);
// The same as a value, for who adds fields (the server's `server` and absolute `expires_at`).
Json ToJson(const ServerEvent& event);
// The effective settings as session.update spells them.
Json ToJson(const SessionSettings& settings);
Json ToJson(const SessionLimits& limits);

}  // namespace lips
