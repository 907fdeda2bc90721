// Whatever comes over a remote generator's wire, on either side.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/remote/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lips::remote;
  constexpr int kSizePx = 4;
  constexpr int64_t kAudioFloats = 6;
  if (size < kHeaderBytes) return 0;
  const std::span<const uint8_t> bytes(data, size);
  const auto header = ParseHeader(bytes.first<kHeaderBytes>());
  if (!header.ok()) return 0;
  if (header.value().payload_bytes > kMaxPayloadBytes) std::abort();
  const std::span<const uint8_t> payload = bytes.subspan(kHeaderBytes);
  switch (header.value().type) {
    case Type::kHello: {
      const auto hello = ParseHello(payload);
      if (hello.ok() && hello.value().wanted.right() > kMaxSizePx) std::abort();
      break;
    }
    case Type::kWelcome: {
      const auto welcome = ParseWelcome(payload);
      if (welcome.ok() && welcome.value().audio_dims.size() > 8) std::abort();
      break;
    }
    case Type::kTemplate: {
      const auto pictures = ParseTemplate(payload, kSizePx);
      if (pictures.ok()) static_cast<void>(IdOf(pictures.value().roi, pictures.value().masked));
      break;
    }
    case Type::kGenerate: {
      GenerateRequest request;
      if (ParseGenerate(payload, kAudioFloats, request).ok() &&
          request.audio.size() != request.ids.size() * static_cast<size_t>(kAudioFloats)) {
        std::abort();
      }
      break;
    }
    case Type::kKept:
    case Type::kMissing: static_cast<void>(ParseIds(payload).ok()); break;
    case Type::kFailure: static_cast<void>(ParseFailure(payload).ok()); break;
    case Type::kMouths: break;  // only its size is looked at
  }
  return 0;
}
