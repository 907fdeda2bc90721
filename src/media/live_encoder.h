// What turns a live stream's pictures and sound into bytes, one by one and at once: the interface of all such encoders.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// A piece of output. Pieces are in decoding order.
struct LivePacket {
  enum class Kind : uint8_t {
    kPicture,   // a JPEG, an Annex B access unit
    kInit,      // of fragmented MP4: ftyp and moov
    kFragment,  // moof and mdat
    kAudio,     // one AAC access unit (no ADTS) or Opus packet
  };
  Kind kind = Kind::kPicture;
  std::vector<uint8_t> bytes;
  int64_t pts_us = 0;  // of the first picture or sample in it
  bool key = false;    // decoding can start here
};

inline constexpr int64_t kFlushSoundUs = 160'000;

// No delay: a picture's bytes come out of the call that takes it in (fragments: at the latest with the picture that
// completes one). One thread at a time.
class LiveEncoder {
 public:
  virtual ~LiveEncoder() = default;

  // A picture shown from `pts_us` on; times only grow. Its size is the one the encoder was opened with. `changed` lies
  // inside it and covers every pixel that differs from the template's own frame; encoders of whole pictures may ignore
  // it. `key`: decoding must be able to start here. Appends to `out`.
  virtual Status Picture(ConstYuvView picture, Rect changed, int64_t pts_us, bool key,
                         std::vector<LivePacket>& out) = 0;

  // Mono sound from `pts_us` on, at the rate the encoder was opened with, in [-1, 1]. Encoders of pictures alone ignore
  // it. Any chunking gives the same packets.
  virtual Status Sound(std::span<const float> /*samples*/, int64_t /*pts_us*/, std::vector<LivePacket>& /*out*/) {
    return {};
  }

  // From the next picture on. 0: as it was. Encoders without the knob ignore it.
  virtual void SetRate(int /*quality*/, int /*bitrate_kbps*/) {}

  // The stream ends, or pauses for longer than a fragment: gives what is still held back. Encoders that contain both
  // take the kFlushSoundUs after the last sound for silence to that end: what comes next is to begin later.
  virtual Status Flush(std::vector<LivePacket>& /*out*/) { return {}; }
};

}  // namespace lips
