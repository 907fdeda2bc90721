// Finds the landmarks of a face whose place is roughly known.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "face/anchors.h"
#include "face/network.h"
#include "face/patch.h"

namespace lips {

// Which points a landmarker gives, by place in its list.
struct LandmarkScheme {
  size_t count = 0;
  size_t left = 0, right = 0, top = 0;  // of the rectangle: spec.md 1.3's L[1], L[31], L[52]
  std::vector<size_t> lms = {};         // for `.lms` files; empty: all points as they are
  // Of the gap between the lips: its upper and lower middle, its left and right corner; empty: unknown.
  std::vector<size_t> mouth = {};
};

struct FaceLandmarks {
  std::vector<Landmark> points;  // in pixels, half-way between as fractions
  double presence = 0;           // 0..1: how sure the network is that this is a face at all
};

// One thread at a time.
class FaceLandmarker {
 public:
  virtual ~FaceLandmarker() = default;
  virtual const LandmarkScheme& scheme() const = 0;
  // Where to look for the landmarks of a detected face, and of one whose landmarks were found in the frame before.
  virtual SquareRegion RegionOf(const FaceDetection& face) const = 0;
  virtual SquareRegion RegionOf(const FaceLandmarks& face) const = 0;
  virtual Result<FaceLandmarks> Find(ConstImageView picture, const SquareRegion& region) = 0;
  // Whether the face must be detected anew in each frame.
  virtual bool needs_detection() const { return false; }
  virtual std::string Describe() const = 0;
};

// MediaPipe's mesh of 468 points.
Result<std::unique_ptr<FaceLandmarker>> OpenFaceMesh(const FaceModelFiles& files, const FaceEngine& engine);

// A network of the PFLD family with 98 (WFLW) or 110 points: B, G, R in [0,1] of a square 1.05 times the detected box;
// gives x, y of each point, 0..1 of the square, less those of `mean_face` where that is given (a text file of as many
// numbers). Errors: kUnsupported for another number of points, kCorrupted for a mean face that does not fit.
Result<std::unique_ptr<FaceLandmarker>> OpenPfld(const Path& file, const std::optional<Path>& mean_face,
                                                 const FaceEngine& engine);

}  // namespace lips
