// Decoded frames of a video around the place where it is being read, forwards or backwards, in fixed memory.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "image/plane.h"
#include "media/video_reader.h"

namespace lips {

// Keeps the last `capacity` decoded frames [begin, end). Reading on at `end` decodes one frame; reading back at
// `begin - 1` decodes up to `capacity` frames before it in one go, since a decoder only runs forwards. Anything else
// starts anew. So a whole template that fits is decoded once, and a turn of the ping-pong costs nothing.
//
// A slot's memory is taken when it is first needed, and kept. One thread at a time.
class VideoWindow {
 public:
  // Frames [0, frames) will be asked; 1 <= capacity.
  VideoWindow(VideoReader reader, int64_t frames, int64_t capacity);

  struct Slot {
    YuvImage picture;
    Plane alpha;  // empty when the video has none
  };
  // The frame, valid until the next call. Errors: as VideoReader; the window is then empty.
  Result<const Slot*> Frame(int64_t index);

 private:
  Slot& SlotOf(int64_t index) { return slots_[static_cast<size_t>(index % capacity_)]; }
  Status Load(int64_t index);
  // Where to start so that [it, index] fits: at a keyframe when there is one, so that no frame is decoded in vain.
  int64_t ChunkBefore(int64_t index) const;
  Status Restart(int64_t first);
  Status DecodeUpTo(int64_t index);

  VideoReader reader_;
  int64_t capacity_;
  std::vector<Slot> slots_;  // frame i in slot i % capacity; the window never exceeds the capacity
  int64_t begin_ = 0;
  int64_t end_ = 0;  // also the frame the decoder gives next
};

}  // namespace lips
