// Where in the face picture the mouth moves: what a training run looks at most.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "image/view.h"
#include "train/random.h"
#include "train/training_set.h"

namespace lips {

inline constexpr int kAlike = 12;  // frames that lend a frame their mouths
inline constexpr int kCells = 10;  // the network's deepest map is kCells x kCells, whatever the picture's size

struct MouthRegion {
  Rect box;                   // holds 90 % of the motion along either axis; what reports call where it moves
  std::vector<float> weight;  // [S, S], 1 where nothing moves to 6 where most does; for losses
  Rect crop_cells;            // the part to train on first, in cells of S / kCells pixels
  // [S, S], how much of another frame's mouth and jaw a picture gets to be its own reference, 0..1; empty where the
  // reference is a resting picture or another frame altogether.
  std::vector<float> pasted;
  // [frames, kAlike]: whose mouths those may be: frames to learn from that look most alike where nothing is pasted, so
  // that the mouth lies where it should, and not from about the same moment. Empty where `pasted` is.
  std::vector<int64_t> alike;

  std::span<const int64_t> AlikeOf(int64_t frame) const {
    return std::span(alike).subspan(static_cast<size_t>(frame) * kAlike, kAlike);
  }
};

// Measured on up to `samples` frames: against the resting picture where there is one, else against the next frame but
// one, where a mouth may be: a neck and what hangs on it move, too. `paste` asks for MouthRegion::pasted and alike,
// which reads every picture. Errors: those of reading.
Result<MouthRegion> FindMouth(const TrainingSet& set, bool paste = false, int64_t samples = 120);

// The frame whose picture `frame` is drawn from: its own, at rest, or another one's, of which `region.pasted` may take
// the mouth alone.
int64_t ReferenceOf(const TrainingSet& set, const MouthRegion& region, int64_t frame, Random& random);

}  // namespace lips
