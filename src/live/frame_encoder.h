// Which encoder a live session's video mode and sound need.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "live/settings.h"
#include "media/live_encoder.h"

namespace lips {

struct LiveEncoderRequest {
  SessionSettings settings;  // mode, quality, bitrate, audio_out, audio_rate_hz
  int width = 0;             // of the pictures it will be given: kPatch any, else the avatar's
  int height = 0;
  YuvFormat format;
  FrameRate fps;
};

// Makes the encoder of a session's pictures (kMp4: and of its sound). Called on the compute thread.
using LiveEncoderFactory = std::function<Result<std::unique_ptr<LiveEncoder>>(const LiveEncoderRequest&)>;

// The encoders of src/media by mode. kPatch: JPEGs of `changed`. kRaw needs none. Errors: kUnsupported (a mode this
// build has no encoder for, a rate AAC or Opus cannot have), kInvalidInput.
Result<std::unique_ptr<LiveEncoder>> OpenPictureEncoder(const LiveEncoderRequest& request);

// The encoder of audio_out: "aac" or "opus" beside other modes than kMp4. Errors: as above.
Result<std::unique_ptr<LiveEncoder>> OpenSoundEncoder(const LiveEncoderRequest& request);

}  // namespace lips
