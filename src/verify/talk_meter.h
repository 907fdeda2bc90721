// Measures a talking video against the template it was made of: what people complain about, as numbers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/place.h"
#include "image/view.h"
#include "media/frame.h"
#include "verify/metric.h"
#include "verify/placement.h"

namespace lips {

// One frame's facts; lengths in pixels of the frame, levels of 0 .. 255.
struct TalkFacts {
  double seam = 0;             // largest step of the difference to the template across a border that a paste may have
  double contrast = 0;         // the same across any closed line around the mouth, inside the paste, too
  double border = 0;           // how much larger a step is than those on either side of its line
  std::array<double, 3> tint;  // mean difference to the template on the skin inside the mask's border, B, G, R
  Placement inside, around;    // of the skin under the mask beside the mouth, of the rectangle outside the mask
  Placement moved, template_moved;               // of the skin under the mask beside the mouth, since the frame before
  double sharpness = 0, template_sharpness = 0;  // mean magnitude of the mouth's Laplacian
  double motion = 0, template_motion = 0;        // of the mouth since the frame before
  double difference = 0;                         // of the mouth to the template's
  double background_db = 0;                      // outside the face
};

struct TalkMeasures {
  std::vector<Metric> metrics;
  std::vector<TalkFacts> frames;
  std::vector<float> opening;   // of the mouth, as it follows the sound best
  std::vector<float> loudness;  // at each frame
};

// Feed all frames in order, then Finish. One thread at a time. Where the face is comes from the avatar's rectangles, so
// no detector is trusted.
//
// Metrics (and their limits): frames (0: exact length), background (26 dB), seam, contrast, border, tint, flicker,
// shift, zoom, jitter, tremor, sharpness, silence motion, template motion, stalls, offset, sync. docs/quality.md says
// how each is measured.
class TalkMeter {
 public:
  explicit TalkMeter(FrameRate fps);
  TalkMeter(TalkMeter&&) noexcept;
  TalkMeter& operator=(TalkMeter&&) noexcept;
  ~TalkMeter();

  // `shown` and `original` (the template's frame) have one size; `face` is where its face lies.
  void Add(ConstImageView shown, ConstImageView original, const Place& face);
  // Trembling of the skin beside the mouth so far, in pixels; NaN with too few frames.
  double TremorPx() const;
  // `samples_16k` is what the mouth should follow, from the first frame on; `expected_frames` what a video of it has;
  // `reference_tremor_px` the TremorPx() of a mouth that speaks as it should, by which tremor is judged.
  TalkMeasures Finish(std::span<const float> samples_16k, int64_t expected_frames,
                      std::optional<double> reference_tremor_px = {}) &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lips
