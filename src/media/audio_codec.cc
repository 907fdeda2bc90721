#include "media/audio_codec.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <cmath>
#include <string>

namespace lips {
namespace {

// The encoder's rate for a source of `rate_hz`: the same, the next higher, or its highest.
int RateFor(const AVCodec& encoder, int rate_hz) {
  int best = 0;
  int highest = 0;
  for (const int* rate = encoder.supported_samplerates; rate != nullptr && *rate != 0; ++rate) {
    highest = std::max(highest, *rate);
    if (*rate >= rate_hz && (best == 0 || *rate < best)) best = *rate;
  }
  if (highest == 0) return rate_hz;
  return best != 0 ? best : highest;
}

// Clear speech and music without counting bits: 96 kbit/s a channel, less where the rate leaves less to code.
int64_t BitRate(int rate_hz, int channels) { return channels * std::min<int64_t>(96'000, int64_t{4} * rate_hz); }

}  // namespace

void SwrDeleter::operator()(SwrContext* resampler) const { swr_free(&resampler); }

Result<CodecPtr> OpenAudioEncoder(const AudioCodecOptions& options) {
  const auto id = static_cast<AVCodecID>(options.codec_id);
  // FFmpeg's own Opus encoder is experimental.
  const AVCodec* encoder = id == AV_CODEC_ID_OPUS ? avcodec_find_encoder_by_name("libopus") : avcodec_find_encoder(id);
  const std::string name = avcodec_get_name(id);
  if (encoder == nullptr) return Error(ErrorCode::kUnsupported, "FFmpeg was built without an encoder for " + name);
  CodecPtr codec(avcodec_alloc_context3(encoder));
  if (codec == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot open the encoder " + name);
  codec->sample_rate = RateFor(*encoder, options.rate_hz);
  codec->sample_fmt = encoder->sample_fmts != nullptr && id == AV_CODEC_ID_AAC ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_FLT;
  av_channel_layout_default(&codec->ch_layout, options.channels);
  codec->bit_rate = options.bit_rate > 0 ? options.bit_rate : BitRate(codec->sample_rate, options.channels);
  codec->time_base = {1, codec->sample_rate};
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if (options.global_header) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int rc = avcodec_open2(codec.get(), encoder, nullptr);
  if (rc < 0) return FfmpegError(rc, "cannot open the encoder " + name);
  return codec;
}

Result<SwrPtr> OpenResampler(AVCodecContext& encoder, int rate_hz) {
  if (rate_hz == encoder.sample_rate) return SwrPtr();
  SwrContext* made = nullptr;
  int rc = swr_alloc_set_opts2(&made, &encoder.ch_layout, AV_SAMPLE_FMT_FLT, encoder.sample_rate, &encoder.ch_layout,
                               AV_SAMPLE_FMT_FLT, rate_hz, 0, nullptr);
  SwrPtr resampler(made);
  if (rc >= 0) rc = swr_init(resampler.get());
  if (rc < 0) return FfmpegError(rc, "cannot resample audio");
  return resampler;
}

float FiniteSample(float sample) { return std::isfinite(sample) ? std::clamp(sample, -1.0F, 1.0F) : 0.0F; }

}  // namespace lips
