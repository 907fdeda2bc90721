// How well networks make the drawn person speak: finished frames against drawings of what is truly said.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "composite/composite.h"
#include "engine/generator.h"

namespace lips {

struct JudgeRequest {
  Path avatar;                     // as WriteTemplatePackage wrote it
  uint32_t seed = 1;               // with which it did
  Path speech;                     // a folder of NAME.wav and NAME.phones; only those held out are used
  std::optional<Path> model = {};  // instead of the package's networks
  std::optional<Path> audio_encoder = {};
  GeneratorOptions engine = {};
  CompositeMode composite = CompositeMode::kNatural;
  Path output;                                                     // a folder; created
  bool keep_videos = false;                                        // of every sentence, as rendered and as drawn
  std::function<void(int64_t done, int64_t total)> progress = {};  // sentences
  const StopFlag* stop = nullptr;
};

// Of some sentences together.
struct Verdict {
  std::string name;  // of a kind of sentence ("new-voice"), of one sentence, or "all"
  int64_t frames = 0;
  double opening = 0, width = 0, round = 0;  // correlation of what rendered and drawn frames show (LookAtMouth)
  double mouth_psnr_db = 0;                  // in the face's mouth (image/mouth_area.h), mean of the frames'
  double resting_mouth_psnr_db = 0;          // likewise, of a mouth that never moves
  double lips_psnr_db = 0;                   // of all frames' squares together, where lips move (LipsArea)
  double resting_lips_psnr_db = 0;           // likewise, of a mouth that never moves
  double face_psnr_db = 0;                   // of all frames' squares together, in the rectangle that the network sees
  double closed_opening = 0;  // mean opening of rendered frames whose drawn mouth is shut, as a share of the widest one
  Json ToJson() const;
};

struct JudgeReport {
  Verdict all;
  std::vector<Verdict> kinds, sentences;
  std::string engine;
  Json ToJson() const;
};

// Renders every held-out sentence and draws the same poses with the true mouths. Writes report.json and sheet.png:
// pairs of drawn (above) and rendered mouths (below) for silence, p, a, i, u, s and f; with `keep_videos` also
// NAME.rendered.mkv and NAME.drawn.mkv, both lossless and both with the template around the face. Errors: kInvalidInput
// when the package is not the person of that seed, or no sentence is held out; those of the parts; kCancelled.
Result<JudgeReport> Judge(const JudgeRequest& request);

}  // namespace lips
