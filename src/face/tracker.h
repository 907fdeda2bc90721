// Follows one face through the frames of a video.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "face/detector.h"
#include "face/landmarker.h"

namespace lips {

struct TrackedFace {
  std::optional<FaceLandmarks> face;  // nothing: there is none in this frame
  int others = 0;  // further faces, as far as this frame was searched for them; they keep the last count in between
  bool searched = false;  // whether the detector ran
};

// Takes frames in order. One thread at a time.
//
// The largest face of the first frame that has one is followed: its landmarks tell where to look in the next frame.
// When the network doubts that there is still a face, the detector searches the picture, and what lies nearest to where
// the face was last goes on. Twice a second the detector also counts faces.
class FaceTracker {
 public:
  FaceTracker(std::unique_ptr<FaceDetector> detector, std::unique_ptr<FaceLandmarker> landmarker)
      : detector_(std::move(detector)), landmarker_(std::move(landmarker)) {}

  Result<TrackedFace> Next(ConstImageView frame);
  const FaceLandmarker& landmarker() const { return *landmarker_; }
  const FaceDetector& detector() const { return *detector_; }

 private:
  Result<std::optional<FaceLandmarks>> Search(ConstImageView frame, const std::vector<FaceDetection>& faces);

  std::unique_ptr<FaceDetector> detector_;
  std::unique_ptr<FaceLandmarker> landmarker_;
  std::optional<FaceLandmarks> last_;  // of the latest frame that had the face
  int64_t since_last_ = 0;             // frames since then
  int64_t frame_ = 0;
  int others_ = 0;
};

}  // namespace lips
