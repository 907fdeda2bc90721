// The binary media message of the live protocol: a 40-byte header and a payload that nobody copies.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace lips {

enum class MediaKind : uint8_t { kFrame = 1, kPatch = 2, kMp4Init = 3, kMp4Fragment = 4, kAudio = 5 };
enum class MediaCodec : uint8_t {
  kRaw = 0,  // in-process only: MediaMessage::picture, or s16le samples; never on a wire
  kJpeg = 1,
  kWebP = 2,
  kH264 = 3,  // Annex B
  kMp4 = 4,
  kPcmS16 = 5,
  kOpus = 6,
  kAac = 7,  // one raw access unit (no ADTS)
};

// MediaHeader::flags.
inline constexpr uint16_t kMediaKey = 1;             // decoding can start here
inline constexpr uint16_t kMediaIdle = 2;            // nobody speaks
inline constexpr uint16_t kMediaLast = 4;            // the utterance's last
inline constexpr uint16_t kMediaDiscontinuity = 8;   // the client's clock starts anew with this pts
inline constexpr uint16_t kMediaRepeat = 16;         // degraded: the mouth, or the whole picture, is an earlier one
inline constexpr uint16_t kMediaFramesDropped = 32;  // frames before this one were dropped

// docs/protocol.md, "Binary media message", field by field.
struct MediaHeader {
  MediaKind kind = MediaKind::kFrame;
  MediaCodec codec = MediaCodec::kJpeg;
  uint16_t flags = 0;
  uint32_t seq = 0;        // counts the session's media messages; a gap = dropped by the server
  uint32_t utterance = 0;  // from 1; 0 = between utterances
  int64_t pts_us = 0;      // in session media time
  uint16_t x = 0;          // output pixels that the payload shows
  uint16_t y = 0;
  uint16_t w = 0;
  uint16_t h = 0;
  uint32_t template_frame = 0;     // patch clients draw this background frame
  uint32_t server_latency_us = 0;  // last needed audio sample received (or allowed by the pace) -> handed on
  bool operator==(const MediaHeader&) const = default;
};

inline constexpr size_t kMediaHeaderBytes = 40;
inline constexpr uint8_t kMediaMagic = 0x4C;
inline constexpr uint8_t kMediaVersion = 1;

// The header as it goes over the wire, little endian.
std::array<uint8_t, kMediaHeaderBytes> EncodeMediaHeader(const MediaHeader& header);

// A received message. `payload` points into the bytes it was decoded from.
struct DecodedMedia {
  MediaHeader header;
  std::span<const uint8_t> payload;
};

// For clients and tests. A header longer than 40 bytes is skipped to its end, as later versions may add fields; unknown
// kinds, codecs and flags are kept as they are. Errors: kCorrupted (magic, version, a header length below 40 or beyond
// the message), saying what was found.
Result<DecodedMedia> DecodeMedia(std::span<const uint8_t> message);

// A message on its way out: the header by value, the payload shared and immutable, so that queues and watchers cost no
// copies.
struct MediaMessage {
  MediaHeader header;
  std::shared_ptr<const std::vector<uint8_t>> payload;  // null for kRaw pictures
  std::shared_ptr<const YuvImage> picture;              // kRaw pictures only: the full frame

  bool is_video() const { return header.kind != MediaKind::kAudio; }
  // Bytes on a wire, the header included; for a raw picture its samples.
  size_t bytes() const {
    return kMediaHeaderBytes + (payload ? payload->size() : 0) + (picture ? picture->bytes() : 0);
  }
};

}  // namespace lips
