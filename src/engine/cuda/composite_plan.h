// What compositing needs on a device, before there is one: the mask, where each frame changes, the launches of a batch.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "composite/changed_part.h"
#include "composite/composite.h"
#include "engine/cuda/composite_launch.h"
#include "image/place.h"
#include "image/view.h"

namespace lips::cuda {

// A frame of a batch: where its crop was cut, and its patch's planes (CompositePlan::PatchOf) before and after, which
// may be the same.
struct FrameToPaste {
  lips::Place place;
  int width = 0, height = 0;  // of the whole frame
  YuvFormat format;
  FramePlanes from, to;
};

// What PasteArgs points to, of one batch.
struct PasteList {
  std::vector<PasteFrame> frames;
  std::vector<CubicTaps> taps;
};

// Where a batch lies in the device's memory.
struct CompositeBindings {
  Place crops, mouths;
  const uint8_t* mask = nullptr;  // CompositePlan::mask
  uint8_t* scratch = nullptr;     // CompositePlan::scratch_bytes for each image, as aligned as a device's memory
  const PasteFrame* frames = nullptr;
  const CubicTaps* taps = nullptr;
  int images = 1;
  int paste_blocks = 264;  // which go through all tiles, however many there are: two for each multiprocessor of an H100
};

class CompositePlan {
 public:
  // Of crops [crop_px, crop_px] and mouths [size_px, size_px]. Errors: kUnsupported unless size_px is a multiple of 16
  // up to 512 and the border between the two an even number.
  static Result<CompositePlan> Make(CompositeMode mode, int size_px, int crop_px, double feather = kUsualFeather);

  // [size_px, size_px], the device's to keep; empty where the mode has none.
  const std::vector<uint8_t>& mask() const { return mask_; }
  size_t scratch_bytes() const;  // of an image

  // The part of a frame that changes, widened to whole 2x2 blocks as far as the frame goes; empty where nothing does.
  // Errors: kInvalidInput where the mode needs a place inside the frame.
  Result<Rect> PatchOf(const lips::Place& place, int frame_width, int frame_height) const;

  // Errors: as PatchOf's.
  Result<PasteList> ListOf(std::span<const FrameToPaste> frames) const;

  // The same for all batches of that many images that lie there, whatever the list says.
  std::vector<CompositeLaunch> LaunchesOf(const CompositeBindings& bindings) const;

 private:
  Result<ChangedPart> ChangeOf(const lips::Place& place, int frame_width, int frame_height) const;
  size_t grid_bytes() const;

  CompositeMode mode_ = CompositeMode::kNatural;
  int size_px_ = 0, crop_px_ = 0;
  std::vector<uint8_t> mask_;
  Rect used_;  // the pixels with any weight
};

}  // namespace lips::cuda
