// A package's face pictures in order, whichever of its files they come from.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "image/view.h"
#include "train/faces.h"

namespace lips {

// One thread at a time.
class FaceReader {
 public:
  virtual ~FaceReader() = default;
  virtual FaceStoreHeader header() const = 0;
  virtual Rect mask() const = 0;
  virtual std::string name() const = 0;
  // Frames in ascending order, the target of each before the resting one. Errors: those of decoding.
  virtual Status Read(int64_t frame, FaceKind kind, Image& out) = 0;
};

// The ROI video of `package` where it has one (rois_320_video.mp4), else ROIs derived from its full frames;
// resting_rois_320_video.mp4 beside it gives the resting pictures. Errors: those of opening either; kInvalidInput when
// the resting pictures are of another size or fewer.
Result<std::unique_ptr<FaceReader>> OpenFaceReader(const Path& package, int threads);

}  // namespace lips
