// A package's own ROI and masked pictures: whether they can be used, their size, and the mask they show.
#pragma once

#include <optional>
#include <string>

#include "avatar/geometry.h"
#include "avatar/package_files.h"
#include "avatar/picture_track.h"
#include "base/result.h"

namespace lips {

// What a look at the pictures' sizes and counts tells.
struct PackageInputs {
  bool usable = false;               // ROI and masked pictures for every template frame, of one model size
  bool has_crop = false;             // and the crops they were cut from, too
  std::string why_not;               // "rois_320_video.mp4 has 3 frames; the template has 523"
  std::optional<FaceGeometry> face;  // from whichever pictures exist
};

// `frames`: the template's. Errors: kIo, kCorrupted when a file that exists cannot be opened.
Result<PackageInputs> ExaminePackageInputs(const PackageFiles& package, int64_t frames, int decode_threads);

// The model size whose ROI has this side. Nothing when none has.
std::optional<FaceGeometry> FaceOfRoi(int roi_px);

// Measures the mask on the first pictures. Errors: as PictureTrack; kCorrupted when they show no black rectangle (the
// ROI pictures copied, or a file mixed up).
Result<Rect> MeasureMask(const PictureFiles& roi, const PictureFiles& masked, int decode_threads);

}  // namespace lips
