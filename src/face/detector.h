// Finds faces in a picture.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "face/anchors.h"
#include "face/network.h"
#include "image/view.h"

namespace lips {

// One thread at a time.
class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  // Faces, best first; none is no error. `thorough` also looks for faces that are small in the picture, at several
  // times the cost. Errors: those of the engine.
  virtual Result<std::vector<FaceDetection>> Detect(ConstImageView picture, bool thorough) = 0;
  virtual std::string Describe() const = 0;
};

// MediaPipe's BlazeFace: the full-range network over the whole picture, then the short-range one, then (thorough) the
// full-range one over overlapping parts. Detections have six points: eyes, nose tip, mouth, ears.
Result<std::unique_ptr<FaceDetector>> OpenBlazeFace(const FaceModelFiles& files, const FaceEngine& engine);

// A network of the SCRFD family (InsightFace): three strides with two anchors a cell, scores after the sigmoid, box
// sides as distances in strides, with or without five points. Outputs are bound by shape. Errors: kUnsupported when the
// outputs are others, saying what was expected.
Result<std::unique_ptr<FaceDetector>> OpenScrfd(const Path& file, const FaceEngine& engine);

}  // namespace lips
