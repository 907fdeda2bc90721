// A live session as its connection sees it: sound goes in here, pictures come out of its sink.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "live/client_event.h"
#include "live/protocol_error.h"
#include "live/session_sink.h"
#include "live/settings.h"

namespace lips {

// A handle. Any thread may call any function at any time; all return without waiting for the network. What they find
// wrong with the client's doing they tell the sink as an `error` event, and nothing else happens.
//
// The host must outlive the handle. Once the session is closed (by either side) calls do nothing.
class LiveSession {
 public:
  virtual ~LiveSession() = default;

  virtual const std::string& id() const = 0;
  virtual const std::string& resume_token() const = 0;  // a secret of 128 bits, in hexadecimal
  virtual SessionSettings settings() const = 0;
  virtual bool closed() const = 0;
  // Input samples accepted so far, which is where a resuming client goes on.
  virtual int64_t samples() const = 0;
  // Of them: how much has not been rendered yet.
  virtual int64_t buffered_ms() const = 0;

  // PCM in the session's format. Errors told to the sink: pcm_bad_length (no whole samples), audio_too_long (more than
  // audio_message_ms at once, fatal 1009), audio_queue_full (fatal 1013).
  virtual void Push(std::span<const uint8_t> pcm) = 0;
  // Mono samples in [-1, 1] at the session's rate: Push for programs.
  virtual void PushSamples(std::span<const float> samples) = 0;

  virtual void Commit(const std::string& utterance = {}, const std::string& event_id = {}) = 0;
  // Barge-in. output.cleared is handed to the sink by the time this returns, or by the thread that is in the sink right
  // now, next.
  virtual void Clear(const std::string& event_id = {}) = 0;
  virtual void Update(const SettingsChange& change, const std::string& event_id = {}) = 0;
  virtual void Report(const PlaybackReportEvent& report) = 0;
  virtual void RequestKeyframe() = 0;
  // Every other frame is left out, for a slow connection (live/outbox.h).
  virtual void SetHalfRate(bool half) = 0;

  // Does what the event says; `session.resume` is the host's business and an error here (resume_not_first).
  virtual void Handle(const ClientEvent& event) = 0;
  // Parses and handles one text message. A fatal error closes the session.
  virtual void HandleText(std::string_view text) = 0;

  // The connection is gone. The session waits limits.resume_ms for LiveHost::Resume; the sink is not called after this
  // returns, apart from a call that is in it right now on another thread.
  virtual void Detach() = 0;
  // Ends it: session.closed, Closed(code). Unrendered audio is forgotten.
  virtual void Close(CloseCode code, const std::string& reason) = 0;
  // There is room in the sink again (SessionSink::FrameRoom).
  virtual void Wake() = 0;
};

}  // namespace lips
