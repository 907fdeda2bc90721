// Frames on their way from the live host to a program that pulls, each with the sound that belongs to it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "live/session_sink.h"
#include "media/frame.h"

namespace lips::capi {

// The host talks of samples at 16 kHz and of its own utterance numbers; the program of bytes in its own format. Both
// meet here: an utterance is known by the 16 kHz sample it starts with.
//
// Thread-safe: the host's threads send, one thread of the program appends, another pulls.
class FrameQueue final : public SessionSink {
 public:
  struct Shape {
    FrameRate fps;
    int rate_hz = 16000;          // of the program's sound
    size_t bytes_per_sample = 2;  // of all channels together
    size_t room = 16;             // frames made before they are pulled
    size_t max_samples = 0;       // appended and not yet part of a frame
  };
  struct Frame {
    std::shared_ptr<const YuvImage> picture;
    int64_t pts_us = 0;
    int64_t index = 0;
    int64_t utterance = 0;  // the program's count; 0: between utterances
    bool last = false;
    std::vector<uint8_t> audio;
  };

  explicit FrameQueue(const Shape& shape) : shape_(shape) {}

  // Sound of the utterance that started with 16 kHz sample `start_16k`: the open one, or a new one. Errors:
  // kResourceLimit when more than max_samples would wait; nothing is appended then.
  Status Append(int64_t start_16k, std::span<const uint8_t> bytes);
  // Forgets every frame, and every utterance begun so far.
  void Interrupt();
  // Nothing more will be appended.
  void Finish();

  // The next frame. `timeout_ms` < 0: no limit. Errors: kNeedMoreInput (none in that time, or nothing appended that
  // could become one), kEndOfStream (finished, and all pulled), or why the session ended.
  Status Pull(int timeout_ms, Frame& frame);

  // What went wrong without ending the session, told once; empty: nothing.
  std::string TakeTrouble();

  void Send(const ServerEvent& event) override;
  void Send(MediaMessage message) override;
  void PauseInput(bool /*pause*/) override {}  // Append has its own limit
  void Closed(CloseCode code, const std::string& reason) override;
  int FrameRoom() const override;

 private:
  struct Utterance {
    int64_t start_16k = 0;
    int64_t number = 0;
    uint32_t host_number = 0;  // 0: not begun by the host
    int64_t first_frame = 0;
    std::vector<uint8_t> audio;  // from `taken` on
    int64_t taken = 0;           // samples that are part of frames
  };

  int64_t FrameAt(int64_t pts_us) const;
  std::vector<uint8_t> TakeAudio(Utterance& utterance, int64_t frame, bool last) const;

  const Shape shape_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::deque<Frame> frames_;
  std::deque<Utterance> utterances_;  // appended and not done
  int64_t utterance_count_ = 0;
  bool finished_ = false;
  std::optional<Error> failure_;
  std::string trouble_;
};

}  // namespace lips::capi
