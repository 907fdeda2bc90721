#include "server/watch_stream.h"

#include "net/http_message.h"

namespace lips {
namespace {

constexpr size_t kMaxWaiting = 4 << 20;

OwnedBytes PayloadOf(const MediaMessage& message) { return {*message.payload, message.payload}; }

}  // namespace

WatchStream::WatchStream(Kind kind, const MediaMessage& init) : kind_(kind) {
  if (kind == Kind::kMp4 && init.payload) WatchFilm(init);
}

std::string WatchStream::ContentType(Kind kind) {
  return kind == Kind::kMjpeg ? "multipart/x-mixed-replace; boundary=frame" : "video/mp4";
}

void WatchStream::Watch(const MediaMessage& message) {
  if (ended_ || !message.payload) return;
  if (kind_ == Kind::kMjpeg) {
    WatchPicture(message);
  } else {
    WatchFilm(message);
  }
  Offer();
}

void WatchStream::WatchPicture(const MediaMessage& message) {
  if (message.header.kind != MediaKind::kFrame || message.header.codec != MediaCodec::kJpeg) return;
  const std::string head =
      "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(message.payload->size()) + "\r\n\r\n";
  pieces_.clear();
  pieces_.push_back({TextBody(head), PayloadOf(message), TextBody("\r\n")});
}

void WatchStream::WatchFilm(const MediaMessage& message) {
  const MediaHeader& header = message.header;
  if (header.kind == MediaKind::kMp4Init) {
    if (has_init_) return;
    has_init_ = true;
  } else if (header.kind == MediaKind::kMp4Fragment) {
    has_key_ = has_key_ || (header.flags & kMediaKey) != 0;
    if (!has_init_ || !has_key_) return;
  } else {
    return;
  }
  waiting_bytes_ += message.payload->size();
  pieces_.push_back({PayloadOf(message)});
  if (waiting_bytes_ > kMaxWaiting) ended_ = true;
}

void WatchStream::End() {
  ended_ = true;
  Offer();
}

void WatchStream::Next(Once<void(std::vector<OwnedBytes>)> done) {
  reader_ = std::move(done);
  Offer();
}

void WatchStream::Offer() {
  if (!reader_ || (pieces_.empty() && !ended_)) return;
  std::vector<OwnedBytes> piece;
  if (!pieces_.empty()) {
    piece = std::move(pieces_.front());
    pieces_.pop_front();
    if (kind_ == Kind::kMp4) waiting_bytes_ -= piece.front().bytes.size();
  }
  auto reader = std::move(reader_);
  reader(std::move(piece));
}

}  // namespace lips
