// Where a live session's output goes: the one thing a connection, or a program using the library, implements.
#pragma once

#include <limits>
#include <string>

#include "live/media_message.h"
#include "live/protocol_error.h"
#include "live/server_event.h"

namespace lips {

// Called from the host's compute thread and from whichever thread is in a call of the session; never from two threads
// at once, never under a lock of the host, always in the order in which things happened: after output.cleared no frame
// of that utterance arrives. Calls must return at once (post to a queue: live/outbox.h) and must not call back into
// the session or the host, apart from LiveSession::Wake.
class SessionSink {
 public:
  virtual ~SessionSink() = default;

  virtual void Send(const ServerEvent& event) = 0;
  virtual void Send(MediaMessage message) = 0;

  // Audio comes faster than it can be rendered: stop reading it (true) or go on (false).
  virtual void PauseInput(bool pause) = 0;

  // The session is over and nothing follows; session.closed has been sent.
  virtual void Closed(CloseCode code, const std::string& reason) = 0;

  // How many more video frames may come; asked before frames are made, only with Pace::kFree. A sink that had none and
  // has room again calls LiveSession::Wake.
  virtual int FrameRoom() const { return std::numeric_limits<int>::max(); }
};

}  // namespace lips
