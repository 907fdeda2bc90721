// Where a detector's answers refer to, and merging those that mean the same face.
#pragma once

#include <array>
#include <vector>

#include "avatar/geometry.h"

namespace lips {

// A face found in a picture; pixels, half-open.
struct FaceDetection {
  double score = 0;  // 0..1
  double left = 0, top = 0, right = 0, bottom = 0;
  std::vector<Landmark> points;  // the eyes first: the one on the picture's left, then the other; may be empty

  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// Intersection over union, 0..1.
double Overlap(const FaceDetection& a, const FaceDetection& b);

// Centres in 0..1 of both axes, row by row; `layers` are {cells a side, anchors per cell}.
std::vector<Landmark> MakeAnchors(const std::vector<std::array<int, 2>>& layers);

// 896 of them: 16x16 cells of two, 8x8 cells of six (strides 8 and three times 16 on 128 px).
std::vector<Landmark> ShortRangeAnchors();
// 2304 of them: 48x48 cells (stride 4 on 192 px).
std::vector<Landmark> FullRangeAnchors();

// One detection for each face: those that overlap the best one by more than `overlap` are averaged, weighted by their
// scores; the best score stays. Best first.
std::vector<FaceDetection> MergeDetections(std::vector<FaceDetection> found, double overlap);

// For detectors that were trained with it: the best of each face, the rest dropped. Best first.
std::vector<FaceDetection> KeepBest(std::vector<FaceDetection> found, double overlap);

}  // namespace lips
