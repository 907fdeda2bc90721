// Which packet shows which frame. Private to this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "media/video_decoder.h"

namespace lips {

// Frames in presentation order against packets in file order. 8 bytes a frame and 40 a keyframe.
class VideoIndex {
 public:
  // Reads every packet. Where the container's own times cannot be trusted to tell the frames (missing or doubled
  // times, fields or hidden pictures in packets of their own, a damaged end), also decodes every frame, once. Leaves
  // `decoder` anywhere: move it before use. Errors: kCorrupted when there is no frame at all; those of VideoDecoder.
  static Result<VideoIndex> Build(VideoDecoder& decoder);

  int64_t frames() const { return static_cast<int64_t>(packet_of_frame_.size()); }
  // The frame that packet `number` shows, or -1.
  int64_t FrameOf(int64_t number) const;
  // The last keyframe shown at or before `frame`, as an index for key(); `frame` in [0, frames).
  // -1: there is none, decoding starts at the first packet.
  int KeyBefore(int64_t frame) const;
  const KeyPacket& key(int i) const { return keys_[static_cast<size_t>(i)]; }
  int64_t FrameOfKey(int i) const { return FrameOf(key(i).number); }

 private:
  struct Scan;
  Status OrderByTime(const Scan& scan);
  Status OrderByDecoding(VideoDecoder& decoder, size_t packet_count);
  void KeepShownKeys();

  std::vector<int32_t> packet_of_frame_;
  std::vector<int32_t> frame_of_packet_;  // -1: never shown
  std::vector<KeyPacket> keys_;           // ascending in number and in frame
};

}  // namespace lips
