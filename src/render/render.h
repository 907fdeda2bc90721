// The main job: an avatar and an audio file become a talking video.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "avatar/template_order.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stats.h"
#include "base/stop.h"
#include "engine/template_cache.h"
#include "media/frame.h"
#include "render/finish.h"
#include "render/job.h"
#include "render/sign.h"

namespace lips {

struct RenderRequest {
  JobRequest job;
  std::optional<Path> video;          // the file to write ...
  std::optional<Path> frames_folder;  // ... and, or, numbered pictures
  std::string frames_extension = "png";
  bool with_audio = true;
  std::string codec;  // empty: what suits the file (DefaultCodec)
  int crf = 20;
  std::string preset = "veryfast";
  int encoder_threads = 0;
  std::optional<FrameRate> fps;  // default: the template's
  int64_t start_frame = 0;       // template frame shown first
  Loop loop = Loop::kPingPong;
  // Memory for what the network computed of template frames that come again; nothing: a quarter of what is available,
  // at most 4 GiB; 0: none is kept.
  std::optional<int64_t> cache_bytes;
  std::optional<TemplateLevel> cache_level;  // nothing: by the budget (engine/template_level.h)

  FinishOptions finish;             // transparency, background, label
  std::optional<SignOptions> sign;  // a signed manifest beside the video

  // Called from one thread, after each written frame. `total` is exact.
  std::function<void(int64_t done, int64_t total)> progress;
  const StopFlag* stop = nullptr;  // polled; raised: kCancelled, and nothing is left behind
};

struct RenderReport {
  int64_t frames = 0;
  FrameRate fps;
  int64_t frames_without_face = 0;  // of those: the template's, as they are
  int64_t frames_at_rest = 0;       // likewise: nothing is said, and the template's own mouth is at rest
  int width = 0;
  int height = 0;
  double wall_s = 0;         // from the call to the finished file
  double open_s = 0;         // of that: until the first stage ran
  double first_frame_s = 0;  // from the call to the first frame handed to the encoder
  // Busy time per frame of each stage; waiting for a neighbour is not counted.
  DurationStats decode, features, generate, composite, finish, encode;
  int64_t peak_rss_bytes = 0;
  TemplateCache::Stats templates;  // hits and misses count frames
  int64_t template_budget_bytes = 0;
  TemplateLevel template_level = TemplateLevel::kDeep;  // asked for; only some engines have levels
  std::string engine;                                   // Generator::Describe()
  std::string audio_encoder;                            // AudioEncoder::Describe(), "features file", "none"
  std::string inputs;                                   // "package" or "derived"
  std::string rectangles;                               // "package" or "smooth"
  std::string compositing;                              // "natural" or "compatible"
  double feather = 0;                                   // of natural compositing; 0 otherwise
  std::string transparency;                             // "none", "template", or the key colour
  bool silence_gate = false;                            // the mouth rests in silence
  double mouth_gain = 1, smooth_audio = 0, av_offset_ms = 0;
  std::string avatar_name, avatar_sha256, model_sha256, encoder_sha256, features_sha256;
  std::string audio_sha256;  // of the 16 kHz mono samples consumed
  int64_t audio_samples_16k = 0;
  Path video;  // empty when only pictures were written

  double frames_per_second() const { return wall_s > 0 ? static_cast<double>(frames) / wall_s : 0; }
  Json ToJson() const;
};

// Stages decode | features -> generate -> composite [-> finish] -> encode, a thread each, over a fixed set of frame
// slots: memory does not depend on the length. Output appears complete or not at all. Errors: those of every part, with
// the part's name.
Result<RenderReport> Render(const RenderRequest& request);

}  // namespace lips
