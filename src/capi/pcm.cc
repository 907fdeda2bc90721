#include "capi/pcm.h"

#include <cstring>

namespace lips::capi {
namespace {

template <typename Sample, typename ToFloat>
void Append(const void* pcm, size_t count, std::vector<float>& out, ToFloat to_float) {
  const auto* bytes = static_cast<const unsigned char*>(pcm);
  for (size_t i = 0; i < count; ++i) {
    Sample sample;
    std::memcpy(&sample, bytes + i * sizeof(Sample), sizeof(Sample));
    out.push_back(to_float(sample));
  }
}

}  // namespace

size_t BytesOf(lips_pcm format) {
  switch (format) {
    case LIPS_PCM_S16: return 2;
    case LIPS_PCM_S32: return 4;
    case LIPS_PCM_F32: return 4;
    case LIPS_PCM_U8: return 1;
  }
  return 0;
}

void AppendFloats(lips_pcm format, const void* pcm, size_t count, std::vector<float>& out) {
  out.reserve(out.size() + count);
  switch (format) {
    case LIPS_PCM_S16:
      return Append<int16_t>(pcm, count, out, [](int16_t x) { return static_cast<float>(x) / 32768.0F; });
    case LIPS_PCM_S32:
      return Append<int32_t>(pcm, count, out, [](int32_t x) { return static_cast<float>(x) / 2147483648.0F; });
    case LIPS_PCM_F32: return Append<float>(pcm, count, out, [](float x) { return x; });
    case LIPS_PCM_U8:
      return Append<uint8_t>(pcm, count, out, [](uint8_t x) { return static_cast<float>(x - 128) / 128.0F; });
  }
}

}  // namespace lips::capi
