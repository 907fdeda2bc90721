// A frame that was decided on and is still to be made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "live/live_avatar.h"
#include "live/media_message.h"
#include "live/settings.h"
#include "media/live_encoder.h"

namespace lips {

enum class MouthSource : uint8_t {
  kNetwork,  // of `window`
  kRest,     // of the avatar's rest window, the same whoever asks
  kHeld,     // the last one again, in a new frame
  kRepeat,   // the whole last picture again
};

// What a session's frames are made with and leave behind for the next one. The host's compute thread only.
struct FrameOutput {
  std::shared_ptr<LiveAvatar> avatar;
  SessionSettings settings;
  std::unique_ptr<LiveEncoder> pictures;  // made with the first frame; not for kRaw
  std::unique_ptr<LiveEncoder> sound;     // AAC or Opus beside the pictures
  std::vector<MediaMessage> last;         // what the last picture became
  Image last_mouth;
  bool has_mouth = false;
};

struct FramePlan {
  FrameOutput* output = nullptr;
  size_t owner = 0;  // index of the session in the batch's list
  uint64_t epoch = 0;
  int64_t pts_us = 0;
  uint32_t utterance = 0;  // 0: between utterances
  int64_t template_index = 0;
  MouthSource mouth = MouthSource::kNetwork;
  std::vector<float> window;
  float presence = 1;  // of the mouth; 0: the picture is the template's (talker/presence.h)
  uint16_t flags = 0;
  bool pause = false;    // perhaps no other for a while: nothing is held back
  bool key = false;      // decoding must be able to start here
  int64_t ready_us = 0;  // when it could have been made
  int64_t deadline_us = 0;
  int64_t number = 0;  // of its utterance
  bool last = false;   // of its utterance
  std::string name;    // of its utterance, once it has one
  // Whether the picture is what every session at rest shows of this template frame.
  bool settled() const { return mouth == MouthSource::kRest && (presence == 0 || presence == 1); }
  // Sound that belongs to the pictures' own container (kMp4).
  std::vector<float> sound;
  int64_t sound_pts_us = 0;
};

// What became of it: messages without seq, utterance and latency, which the session fills in.
struct MadeFrame {
  std::vector<MediaMessage> media;
  Status status;
  bool invalid = false;  // the network gave NaN or infinity; the picture is an earlier one, if any
};

}  // namespace lips
