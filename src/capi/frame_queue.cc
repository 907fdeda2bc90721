#include "capi/frame_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "live/frame_clock.h"

namespace lips::capi {

Status FrameQueue::Append(int64_t start_16k, std::span<const uint8_t> bytes) {
  const std::scoped_lock lock(mutex_);
  size_t waiting = bytes.size();
  for (const Utterance& utterance : utterances_) waiting += utterance.audio.size();
  if (waiting > shape_.max_samples * shape_.bytes_per_sample) {
    return Error(ErrorCode::kResourceLimit, std::to_string(waiting / shape_.bytes_per_sample) +
                                                " samples would wait to become frames; at most " +
                                                std::to_string(shape_.max_samples) + " may: pull frames first");
  }
  if (utterances_.empty() || utterances_.back().start_16k != start_16k) {
    Utterance begun;
    begun.start_16k = start_16k;
    begun.number = ++utterance_count_;
    utterances_.push_back(std::move(begun));
  }
  std::vector<uint8_t>& audio = utterances_.back().audio;
  audio.insert(audio.end(), bytes.begin(), bytes.end());
  return {};
}

void FrameQueue::Interrupt() {
  const std::scoped_lock lock(mutex_);
  frames_.clear();
  utterances_.clear();
  changed_.notify_all();
}

void FrameQueue::Finish() {
  const std::scoped_lock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

Status FrameQueue::Pull(int timeout_ms, Frame& frame) {
  std::unique_lock lock(mutex_);
  const auto settled = [this] { return !frames_.empty() || failure_ || utterances_.empty(); };
  if (timeout_ms < 0) {
    changed_.wait(lock, settled);
  } else {
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), settled);
  }
  if (!frames_.empty()) {
    frame = std::move(frames_.front());
    frames_.pop_front();
    return {};
  }
  if (failure_) return *failure_;
  if (finished_ && utterances_.empty()) return Error(ErrorCode::kEndOfStream, "every frame has been pulled");
  return Error(ErrorCode::kNeedMoreInput, "no frame is ready");
}

std::string FrameQueue::TakeTrouble() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(trouble_, {});
}

void FrameQueue::Send(const ServerEvent& event) {
  const std::scoped_lock lock(mutex_);
  if (const auto* started = std::get_if<UtteranceStartedEvent>(&event)) {
    const auto said = std::ranges::find(utterances_, started->start_sample, &Utterance::start_16k);
    if (said == utterances_.end()) return;  // interrupted meanwhile
    said->host_number = started->utterance;
    said->first_frame = FrameAt(started->first_pts_us);
  } else if (const auto* done = std::get_if<UtteranceDoneEvent>(&event)) {
    std::erase_if(utterances_, [&](const Utterance& said) { return said.host_number == done->utterance; });
    changed_.notify_all();
  } else if (const auto* error = std::get_if<ProtocolError>(&event)) {
    trouble_ = error->message;
    if (error->fatal && !failure_) failure_ = Error(ErrorCode::kResourceLimit, error->message);
    changed_.notify_all();
  }
}

void FrameQueue::Send(MediaMessage message) {
  if (message.picture == nullptr) return;
  Frame frame;
  frame.picture = std::move(message.picture);
  frame.pts_us = message.header.pts_us;
  frame.index = FrameAt(frame.pts_us);
  frame.last = (message.header.flags & kMediaLast) != 0;
  const std::scoped_lock lock(mutex_);
  if (message.header.utterance != 0) {
    const auto said = std::ranges::find(utterances_, message.header.utterance, &Utterance::host_number);
    if (said == utterances_.end()) return;
    frame.utterance = said->number;
    frame.audio = TakeAudio(*said, frame.index, frame.last);
  }
  frames_.push_back(std::move(frame));
  changed_.notify_all();
}

// What was appended up to the end of the frame; the last one takes all that is left.
std::vector<uint8_t> FrameQueue::TakeAudio(Utterance& utterance, int64_t frame, bool last) const {
  const int64_t end = MulDiv(std::max<int64_t>(frame + 1 - utterance.first_frame, 0),
                             int64_t{shape_.rate_hz} * shape_.fps.den, shape_.fps.num);
  const auto wanted = static_cast<size_t>(std::max<int64_t>(end - utterance.taken, 0)) * shape_.bytes_per_sample;
  const size_t count = last ? utterance.audio.size() : std::min(wanted, utterance.audio.size());
  const auto cut = utterance.audio.begin() + static_cast<ptrdiff_t>(count);
  std::vector<uint8_t> taken(utterance.audio.begin(), cut);
  utterance.audio.erase(utterance.audio.begin(), cut);
  utterance.taken += static_cast<int64_t>(count / shape_.bytes_per_sample);
  return taken;
}

void FrameQueue::Closed(CloseCode /*code*/, const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  if (!failure_) failure_ = Error(ErrorCode::kCancelled, "the session is closed: " + reason);
  changed_.notify_all();
}

int FrameQueue::FrameRoom() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(shape_.room - std::min(frames_.size(), shape_.room));
}

// Times are made of frame numbers and rounded down, so the nearest number is the one.
int64_t FrameQueue::FrameAt(int64_t pts_us) const {
  const int64_t unit = int64_t{1'000'000} * shape_.fps.den;
  return (pts_us * shape_.fps.num + unit / 2) / unit;
}

}  // namespace lips::capi
