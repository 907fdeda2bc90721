#include "live/media_message.h"

#include <string>

namespace lips {
namespace {

template <typename T>
void Put(std::array<uint8_t, kMediaHeaderBytes>& bytes, size_t at, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) bytes[at + i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
}

template <typename T>
T Take(std::span<const uint8_t> bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= uint64_t{bytes[at + i]} << (8 * i);
  return static_cast<T>(value);
}

}  // namespace

std::array<uint8_t, kMediaHeaderBytes> EncodeMediaHeader(const MediaHeader& header) {
  std::array<uint8_t, kMediaHeaderBytes> bytes{};
  bytes[0] = kMediaMagic;
  bytes[1] = kMediaVersion;
  bytes[2] = static_cast<uint8_t>(header.kind);
  bytes[3] = static_cast<uint8_t>(header.codec);
  Put(bytes, 4, header.flags);
  Put(bytes, 6, static_cast<uint16_t>(kMediaHeaderBytes));
  Put(bytes, 8, header.seq);
  Put(bytes, 12, header.utterance);
  Put(bytes, 16, header.pts_us);
  Put(bytes, 24, header.x);
  Put(bytes, 26, header.y);
  Put(bytes, 28, header.w);
  Put(bytes, 30, header.h);
  Put(bytes, 32, header.template_frame);
  Put(bytes, 36, header.server_latency_us);
  return bytes;
}

Result<DecodedMedia> DecodeMedia(std::span<const uint8_t> message) {
  if (message.size() < kMediaHeaderBytes) {
    return Error(ErrorCode::kCorrupted, "a media message of " + std::to_string(message.size()) +
                                            " bytes; its header alone has " + std::to_string(kMediaHeaderBytes));
  }
  if (message[0] != kMediaMagic) {
    return Error(ErrorCode::kCorrupted,
                 "a media message begins with byte " + std::to_string(message[0]) + ", expected 76 (0x4C)");
  }
  if (message[1] != kMediaVersion) {
    return Error(ErrorCode::kCorrupted, "a media message of version " + std::to_string(message[1]) + ", expected 1");
  }
  const auto length = Take<uint16_t>(message, 6);
  if (length < kMediaHeaderBytes || length > message.size()) {
    return Error(ErrorCode::kCorrupted, "a media message of " + std::to_string(message.size()) +
                                            " bytes claims a header of " + std::to_string(length));
  }
  DecodedMedia media;
  MediaHeader& header = media.header;
  header.kind = static_cast<MediaKind>(message[2]);
  header.codec = static_cast<MediaCodec>(message[3]);
  header.flags = Take<uint16_t>(message, 4);
  header.seq = Take<uint32_t>(message, 8);
  header.utterance = Take<uint32_t>(message, 12);
  header.pts_us = Take<int64_t>(message, 16);
  header.x = Take<uint16_t>(message, 24);
  header.y = Take<uint16_t>(message, 26);
  header.w = Take<uint16_t>(message, 28);
  header.h = Take<uint16_t>(message, 30);
  header.template_frame = Take<uint32_t>(message, 32);
  header.server_latency_us = Take<uint32_t>(message, 36);
  media.payload = message.subspan(length);
  return media;
}

}  // namespace lips
