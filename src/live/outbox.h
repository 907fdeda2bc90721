// What one connection has yet to write: bounded in time and bytes, without sockets and without threads.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "live/media_message.h"
#include "live/server_event.h"
#include "live/session_sink.h"

namespace lips {

// Events and audio are never dropped. Video waits at most `video_us` and `video_bytes`; beyond that
//   patch, jpeg: the oldest unsent frame goes, so that the latest wins;
//   h264, fmp4: all unsent pictures go and no more are taken until one that decoding can start with (wants keyframe).
// The next picture that is sent after a drop carries kMediaFramesDropped. An output.cleared takes every unsent message
// of its utterance and earlier ones along, and none of them is taken afterwards.
//
// Time in which nobody called does not count as waiting, but for `gap_us`: a connection that got no processor is not a
// client that does not read.
//
// A client that is too slow is told after 5 s of dropping, given half the frames, and given up after 15 s. Dropping is
// over when nothing was dropped for 2 s.
//
// Times are microseconds of any one clock. One thread at a time: a connection calls it from its own executor.
class Outbox {
 public:
  struct Options {
    VideoMode mode = VideoMode::kPatch;
    int64_t video_us = 500'000;
    int64_t video_bytes = 2 << 20;
    int64_t warn_after_us = 5'000'000;
    int64_t close_after_us = 15'000'000;
    int64_t calm_us = 2'000'000;
    int64_t gap_us = 1'000'000'000;
  };
  using Item = std::variant<std::string, MediaMessage>;  // a text message; a binary one: header, then payload

  // What the connection should do besides writing; each wish is given once.
  struct Wishes {
    bool keyframe = false;          // LiveSession::RequestKeyframe
    std::optional<bool> half_rate;  // LiveSession::SetHalfRate
    bool close_slow = false;        // close with CloseCode::kSlowClient
  };

  explicit Outbox(const Options& options) : options_(options) {}

  void Push(const ServerEvent& event, int64_t now_us);
  void Push(MediaMessage message, int64_t now_us);

  // The next message to write; the time it waited is added to its server_latency_us. Nothing when all is written. A
  // message is out of the outbox's hands, and counts as sent, once it was given.
  std::optional<Item> Pop(int64_t now_us);
  // How long the last one waited.
  int64_t waited_us() const { return waited_us_; }

  // Also expires what has waited too long. To be asked after every Push and, while something waits, a few times a
  // second; a slow client's warning is queued by it.
  Wishes Check(int64_t now_us);

  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  int64_t video_bytes() const { return video_bytes_; }
  int64_t audio_bytes() const { return audio_bytes_; }
  int64_t dropped_frames() const { return dropped_frames_; }
  int64_t sent_frames() const { return sent_frames_; }

 private:
  struct Waiting {
    Item item;
    int64_t since_us = 0;
    int64_t since_seen_us = 0;  // of SeenUs
  };

  // `now_us` without the gaps.
  int64_t SeenUs(int64_t now_us);
  bool IsCoded() const { return options_.mode == VideoMode::kH264 || options_.mode == VideoMode::kMp4; }
  static const MediaMessage* Droppable(const Waiting& waiting);
  void Account(const Waiting& waiting, int sign);
  void Purge(uint32_t utterance);
  void Bound(int64_t now_us);
  void Drop(std::deque<Waiting>::iterator waiting, int64_t now_us);

  const Options options_;
  std::deque<Waiting> items_;
  int64_t video_bytes_ = 0;
  int64_t audio_bytes_ = 0;
  int64_t dropped_frames_ = 0;
  int64_t sent_frames_ = 0;
  uint32_t cleared_utterance_ = 0;  // this and earlier ones are over
  bool dropped_since_sent_ = false;
  bool awaits_key_ = false;
  int64_t slow_since_us_ = -1;  // when the present spell of dropping began; -1: none
  int64_t last_drop_us_ = 0;
  bool warned_ = false;
  bool halved_ = false;
  Wishes wishes_;
  int64_t waited_us_ = 0;
  int64_t last_call_us_ = -1;
  int64_t gaps_us_ = 0;  // beyond gap_us each
};

}  // namespace lips
