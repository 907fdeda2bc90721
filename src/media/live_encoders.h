// The live encoders behind one interface: JPEG, H.264, fragmented MP4, AAC and Opus.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "media/audio_stream_encoder.h"
#include "media/h264_stream.h"
#include "media/live_encoder.h"

namespace lips {

// JPEGs of `changed`, or of the whole picture. Errors: kInvalidInput (quality outside 1..100).
Result<std::unique_ptr<LiveEncoder>> OpenLiveJpeg(int quality, bool whole);

// Annex B. Given another bit rate on the way, a stream of constant quality goes on with a key picture.
Result<std::unique_ptr<LiveEncoder>> OpenLiveH264(const H264StreamOptions& options);

struct LiveMp4Options {
  H264StreamOptions video;
  std::optional<AudioStreamOptions> audio;  // mono
  int fragment_ms = 200;
  std::vector<std::pair<std::string, std::string>> metadata;
};
// Times of pictures are the nearest multiple of a frame's length. Where sound is missing it is silence, as players stop
// without; sound for a time that is over is left out. Give a frame's sound before its picture.
Result<std::unique_ptr<LiveEncoder>> OpenLiveMp4(const LiveMp4Options& options);

// The sound of a stream whose pictures go their own way. Mono. A packet's pts_us is that of its first sample, less the
// encoder's delay: what is decoded of it is to be played then. Sound that is missing for less than a second is silence;
// after longer the encoder begins anew.
Result<std::unique_ptr<LiveEncoder>> OpenLiveSound(const AudioStreamOptions& options);

// crf for a quality of 1..100 as JPEG has them: 85 is 23.
int CrfOfQuality(int quality);

}  // namespace lips
