// A produced video against its avatar and its sound.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "avatar/template_order.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "image/image.h"
#include "verify/metric.h"
#include "verify/talk_meter.h"

namespace lips {

struct TalkRequest {
  Path video;  // or a folder of pictures
  Path avatar;
  std::optional<Path> audio;  // nothing: the video's own sound
  // Another video of the avatar, whose mouth is right and speaks about as fast: how much talking itself makes the skin
  // tremble. Nothing: the template, which may be at rest.
  std::optional<Path> reference;
  int64_t start_frame = 0;
  Loop loop = Loop::kPingPong;
  int worst = 3;                 // frames to be shown
  std::optional<Path> pictures;  // folder for them, template beside frame, as PNG
  const StopFlag* stop = nullptr;
};

struct TalkReport {
  std::string video, avatar, audio;
  int64_t frames = 0;
  FrameRate fps;
  TalkMeasures measures;
  struct Shown {
    std::string why;  // "seam"
    int64_t frame = 0;
    Image picture;  // template | frame | difference
    Path file;      // empty unless asked for
  };
  std::vector<Shown> worst;
  Json ToJson() const;
};

// Frame n is held against the template frame that a render with that start and loop shows at n. Errors: those of
// reading; kInvalidInput when video or reference and avatar differ in size, naming both, the reference's rate is
// another, or there is no sound.
Result<TalkReport> MeasureTalk(const TalkRequest& request);

}  // namespace lips
