// What watches a session from another connection.
#pragma once

#include "live/media_message.h"

namespace lips {

// Gets every media message of a session, on the loop. Must return at once.
class StreamWatcher {
 public:
  virtual ~StreamWatcher() = default;
  virtual void Watch(const MediaMessage& message) = 0;
  virtual void End() = 0;  // the session is over
};

}  // namespace lips
