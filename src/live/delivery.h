// Hands a session's output to its sink in the order it happened: without a lock, and by one thread at a time.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include "live/session_sink.h"

namespace lips {

// Any thread posts, usually under the session's lock, so that the order of posts is the order of events; then, having
// let go of its locks, it pumps. Whoever pumps first delivers everything that is there or comes meanwhile; the others
// return at once.
class Delivery {
 public:
  struct PauseInput {
    bool pause;
  };
  struct Closed {
    CloseCode code;
    std::string reason;
  };
  using Item = std::variant<ServerEvent, MediaMessage, PauseInput, Closed>;

  // What is posted from now on goes to `sink`; null: nowhere. What was posted for another is forgotten, unless
  // `finish`.
  void SetSink(std::shared_ptr<SessionSink> sink, bool finish = false);
  std::shared_ptr<SessionSink> sink() const;

  void Post(Item item);
  // Forgets all media that waits (of an utterance that was interrupted; what lies between utterances stays).
  void DropMedia();
  void Pump();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<SessionSink> sink_;                                  // guarded by mutex_
  std::deque<std::pair<std::shared_ptr<SessionSink>, Item>> waiting_;  // guarded by mutex_
  bool pumping_ = false;                                               // guarded by mutex_
};

}  // namespace lips
