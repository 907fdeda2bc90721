#include "live/frame_encoder.h"

#include <string>
#include <utility>

#include "media/live_encoders.h"

namespace lips {
namespace {

H264StreamOptions VideoOptions(const LiveEncoderRequest& request) {
  H264StreamOptions options;
  options.width = request.width;
  options.height = request.height;
  options.fps = request.fps;
  options.format = request.format;
  options.bitrate_kbps = request.settings.bitrate_kbps;
  options.crf = CrfOfQuality(request.settings.quality);
  return options;
}

// AAC where nothing else was asked for: every player has it.
AudioStreamOptions SoundOptions(const SessionSettings& settings) {
  AudioStreamOptions options;
  options.codec = settings.audio_out == AudioOut::kOpus ? AudioCodec::kOpus : AudioCodec::kAac;
  options.rate_hz = settings.audio_rate_hz;
  return options;
}

}  // namespace

Result<std::unique_ptr<LiveEncoder>> OpenPictureEncoder(const LiveEncoderRequest& request) {
  const SessionSettings& settings = request.settings;
  switch (settings.mode) {
    case VideoMode::kPatch:
    case VideoMode::kJpeg: return OpenLiveJpeg(settings.quality, settings.mode == VideoMode::kJpeg);
    case VideoMode::kH264: return OpenLiveH264(VideoOptions(request));
    case VideoMode::kMp4: {
      LiveMp4Options options;
      options.video = VideoOptions(request);
      options.audio = SoundOptions(settings);
      options.metadata = {{"comment", "synthetic: the mouth in this video was generated"}};
      return OpenLiveMp4(options);
    }
    case VideoMode::kRaw: break;
  }
  return Error(ErrorCode::kUnsupported, "raw pictures need no encoder");
}

Result<std::unique_ptr<LiveEncoder>> OpenSoundEncoder(const LiveEncoderRequest& request) {
  const AudioOut out = request.settings.audio_out;
  if (out == AudioOut::kAac || out == AudioOut::kOpus) return OpenLiveSound(SoundOptions(request.settings));
  return Error(ErrorCode::kUnsupported, "audio_out '" + std::string(Name(out)) + "' needs no encoder");
}

}  // namespace lips
