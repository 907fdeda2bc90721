// Which encoders and containers we write, and how our few options become theirs. Private to this folder.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "media/ffmpeg.h"
#include "media/video_writer.h"

struct AVOutputFormat;

namespace lips {

// What a request for a file comes down to.
struct EncoderChoice {
  const AVOutputFormat* container = nullptr;
  bool is_mp4 = false;       // or MOV: takes faststart and free metadata keys
  int audio_codec = 0;       // an AVCodecID: AAC, or Opus where the container takes nothing else
  const char* encoder = "";  // FFmpeg's name: "libx264"
  bool needs_even_size = false;
  int pixel_format = 0;   // an AVPixelFormat
  bool has_range = true;  // the stream can say that its levels are full; without, they are limited
};

// Errors: kInvalidInput, listing the choices (extension, codec, preset, quality, a codec the container cannot hold);
// kUnsupported (FFmpeg was built without the encoder).
Result<EncoderChoice> ChooseEncoder(const Path& path, const VideoWriterOptions& options);

// An opened encoder for pictures of `width` x `height` (even where that is needed).
Result<CodecPtr> OpenVideoEncoder(const EncoderChoice& choice, const VideoWriterOptions& options, int width,
                                  int height);

// Says in the stream which colours its pictures have. The primaries are those of the system that pictures of such a
// size and rate come from: nothing else is known of them.
void TagColour(AVCodecContext& codec, int width, int height, FrameRate fps, YuvFormat format);

}  // namespace lips
