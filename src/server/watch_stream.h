// A session watched by HTTP: pictures one after the other (MJPEG), or a fragmented MP4 that never ends.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/file_part.h"
#include "net/once.h"
#include "server/stream_watcher.h"

namespace lips {

// Bounded: of pictures only the newest waits; of a film so much that a viewer who falls further behind is let go.
class WatchStream : public StreamWatcher {
 public:
  enum class Kind : uint8_t { kMjpeg, kMp4 };
  // `init`: the film's beginning, where it has been sent already; else it comes with the messages.
  WatchStream(Kind kind, const MediaMessage& init);

  static std::string ContentType(Kind kind);

  void Watch(const MediaMessage& message) override;
  void End() override;

  // The next piece of the body, in parts, once there is one; no parts at the end. One at a time.
  void Next(Once<void(std::vector<OwnedBytes>)> done);

 private:
  void WatchPicture(const MediaMessage& message);
  void WatchFilm(const MediaMessage& message);
  void Offer();

  const Kind kind_;
  std::deque<std::vector<OwnedBytes>> pieces_;
  size_t waiting_bytes_ = 0;
  bool has_init_ = false;
  bool has_key_ = false;
  bool ended_ = false;
  Once<void(std::vector<OwnedBytes>)> reader_;
};

}  // namespace lips
