#include "media/audio_samples.h"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/samplefmt.h>
}

#include <cstddef>
#include <cstdint>
#include <string>

namespace lips {
namespace {

float ToFloat(uint8_t x) { return static_cast<float>(x - 128) / 128.0f; }
float ToFloat(int16_t x) { return static_cast<float>(x) / 32768.0f; }
float ToFloat(int32_t x) { return static_cast<float>(x) * 0x1p-31f; }
float ToFloat(int64_t x) { return static_cast<float>(x) * 0x1p-63f; }
float ToFloat(float x) { return x; }
float ToFloat(double x) { return static_cast<float>(x); }

template <typename T>
void Copy(const AVFrame& frame, bool planar, size_t channels, std::vector<float>& out) {
  const auto frames = static_cast<size_t>(frame.nb_samples);
  for (size_t channel = 0; channel < channels; ++channel) {
    const auto* samples = reinterpret_cast<const T*>(frame.extended_data[planar ? channel : 0]);
    const size_t step = planar ? 1 : channels;
    const size_t offset = planar ? 0 : channel;
    for (size_t i = 0; i < frames; ++i) out[i * channels + channel] = ToFloat(samples[i * step + offset]);
  }
}

}  // namespace

Status CopyInterleaved(const AVFrame& frame, std::vector<float>& out) {
  const auto format = static_cast<AVSampleFormat>(frame.format);
  const auto channels = static_cast<size_t>(frame.ch_layout.nb_channels);
  const bool planar = av_sample_fmt_is_planar(format) != 0;
  out.resize(static_cast<size_t>(frame.nb_samples) * channels);
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8: Copy<uint8_t>(frame, planar, channels, out); return {};
    case AV_SAMPLE_FMT_S16: Copy<int16_t>(frame, planar, channels, out); return {};
    case AV_SAMPLE_FMT_S32: Copy<int32_t>(frame, planar, channels, out); return {};
    case AV_SAMPLE_FMT_S64: Copy<int64_t>(frame, planar, channels, out); return {};
    case AV_SAMPLE_FMT_FLT: Copy<float>(frame, planar, channels, out); return {};
    case AV_SAMPLE_FMT_DBL: Copy<double>(frame, planar, channels, out); return {};
    default: break;
  }
  return Error(ErrorCode::kUnsupported, "unknown sample format " + std::to_string(frame.format));
}

}  // namespace lips
