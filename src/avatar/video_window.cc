#include "avatar/video_window.h"

#include <algorithm>
#include <utility>

namespace lips {

VideoWindow::VideoWindow(VideoReader reader, int64_t frames, int64_t capacity)
    : reader_(std::move(reader)),
      capacity_(std::clamp<int64_t>(capacity, 1, std::max<int64_t>(frames, 1))),
      slots_(static_cast<size_t>(capacity_)) {}

Result<const VideoWindow::Slot*> VideoWindow::Frame(int64_t index) {
  if (index < begin_ || index >= end_) {
    if (Status loaded = Load(index); !loaded.ok()) {
      begin_ = end_ = -1;  // the decoder's place is unknown: the next call starts anew
      return std::move(loaded).TakeError();
    }
  }
  return &std::as_const(SlotOf(index));
}

Status VideoWindow::Load(int64_t index) {
  const bool backwards = begin_ < end_ && index == begin_ - 1;
  // Decoding on costs less than going back to a keyframe that has been passed already.
  const bool onwards = end_ >= 0 && index >= end_ && reader_.KeyframeAtOrBefore(index) <= end_;
  if (backwards) {
    RETURN_IF_ERROR(Restart(ChunkBefore(index)));
  } else if (!onwards) {
    RETURN_IF_ERROR(Restart(index));
  }
  return DecodeUpTo(index);
}

int64_t VideoWindow::ChunkBefore(int64_t index) const {
  const int64_t lowest = std::max<int64_t>(0, index + 1 - capacity_);
  int64_t first = lowest;
  for (int64_t key = reader_.KeyframeAtOrBefore(index); key >= lowest; key = reader_.KeyframeAtOrBefore(key - 1)) {
    first = key;
    if (key == 0) break;
  }
  return first;
}

Status VideoWindow::Restart(int64_t first) {
  RETURN_IF_ERROR(reader_.Seek(first));
  begin_ = end_ = first;
  return {};
}

Status VideoWindow::DecodeUpTo(int64_t index) {
  while (end_ <= index) {
    Slot& slot = SlotOf(end_);
    RETURN_IF_ERROR(reader_.Read(slot.picture, &slot.alpha));
    ++end_;
    begin_ = std::max(begin_, end_ - capacity_);
  }
  return {};
}

}  // namespace lips
