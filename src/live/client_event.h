// What a client says: the JSON events of the live protocol, parsed and checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "live/protocol_error.h"
#include "live/settings.h"

namespace lips {

struct SessionUpdateEvent {
  SettingsChange change;
};
struct AppendAudioEvent {
  std::vector<uint8_t> pcm;  // decoded from base64
};
struct CommitAudioEvent {
  std::string utterance;  // the client's name for it; may be empty; at most 128 bytes
};
struct ClearAudioEvent {};
struct PlaybackReportEvent {
  int64_t pts_us = 0;  // what the client shows now
  int64_t buffered_ms = 0;
  int64_t dropped = 0;
};
struct KeyframeRequestEvent {};
struct ResumeEvent {
  std::string token;
  int64_t next_sample = 0;  // the first sample the client still has
};
struct PingEvent {
  Json t;  // given back as it is: a number, a string or null
};
struct CloseEvent {};

struct ClientEvent {
  std::string event_id;  // the client's; may be empty
  std::variant<SessionUpdateEvent, AppendAudioEvent, CommitAudioEvent, ClearAudioEvent, PlaybackReportEvent,
               KeyframeRequestEvent, ResumeEvent, PingEvent, CloseEvent>
      body;
};

// Parses one text message. Unknown fields are ignored; an unknown type is a non-fatal error. Text beyond
// limits.text_bytes is fatal (1009), text that is no JSON object within limits.json_depth is fatal (1007). Never
// aborts, whatever the bytes.
std::variant<ClientEvent, ProtocolError> ParseClientEvent(std::string_view text, const SessionLimits& limits);

// The settings in a JSON object with the fields of session.update (the body of POST /v1/sessions, a configuration).
std::variant<SettingsChange, ProtocolError> ParseSettings(const Json& object);

}  // namespace lips
