// Pictures of a video stream in the decoder's order, each named by the packet it came from. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "media/ffmpeg.h"
#include "media/video_packets.h"

namespace lips {

// A decoder fed from VideoPackets. Presentation times play no part: a packet's number travels through the decoder in
// their place, so that a picture is recognised whatever its container says about time. Move-only; one thread at a time.
class VideoDecoder {
 public:
  // `threads` 0 = one per core. Errors: kUnsupported (no decoder for the codec), kCorrupted.
  static Result<VideoDecoder> Create(VideoPackets packets, int threads);

  VideoPackets& packets() { return packets_; }
  const AVFrame& picture() const { return *frame_; }

  // The next picture is the first one that decoding from here gives. Errors: those of VideoPackets.
  Status MoveToStart();
  Status MoveTo(const KeyPacket& key);

  // Makes picture() the next one and returns its packet's number. Pictures of packets that are not `wanted` may be left
  // out where no other picture depends on them. A damaged packet gives no picture; a file that stops in the middle ends
  // there. Errors: kEndOfStream; kResourceLimit.
  Result<int64_t> Next(const std::function<bool(int64_t)>& wanted);

 private:
  VideoDecoder(VideoPackets packets, CodecPtr codec, FramePtr frame, PacketPtr packet);
  Status Feed(const std::function<bool(int64_t)>& wanted);

  VideoPackets packets_;
  CodecPtr codec_;
  FramePtr frame_;
  PacketPtr packet_;
  bool can_skip_ = false;
  bool draining_ = false;
};

}  // namespace lips
