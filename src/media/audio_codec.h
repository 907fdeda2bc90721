// Opening FFmpeg's audio encoders the way all our outputs do. Private to this folder.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "media/ffmpeg.h"

struct SwrContext;

namespace lips {

struct SwrDeleter {
  void operator()(SwrContext* resampler) const;
};
using SwrPtr = std::unique_ptr<SwrContext, SwrDeleter>;

struct AudioCodecOptions {
  int codec_id = 0;      // an AVCodecID: AAC or Opus
  int rate_hz = 0;       // of the source; the encoder's is the same, the next higher it has, or its highest
  int channels = 1;      // as encoded
  int64_t bit_rate = 0;  // 0: 96 kbit/s a channel, less where the rate leaves less to code
  bool global_header = false;
};

// Takes float samples, planar for AAC and interleaved for Opus; times count samples. Errors: kUnsupported (no such
// encoder), and FFmpeg's.
Result<CodecPtr> OpenAudioEncoder(const AudioCodecOptions& options);

// From interleaved floats at `rate_hz` to the same at the encoder's rate; null when the rates agree.
Result<SwrPtr> OpenResampler(AVCodecContext& encoder, int rate_hz);

// What an encoder can take: within [-1, 1], NaN and infinity as silence.
float FiniteSample(float sample);

}  // namespace lips
