// The face rectangle of every frame, from landmarks that some frames lack.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// Where a face's rectangle begins and ends in one frame, in pixels: the x of L[1] and L[31], the y of L[52].
struct FaceEdges {
  double left = 0;
  double right = 0;
  double top = 0;
};

enum class RectRule : uint8_t {
  kCompatible,  // spec.md 1.3 for each frame by itself: follows every tremble of the landmarks
  kSmooth,      // the middle hardly smoothed, the side slowly changing: no trembling, no pumping
};
std::string_view Name(RectRule rule);  // "compatible", "smooth"

struct FaceRects {
  std::vector<Rect> rects;    // one a frame, square, inside the picture
  int64_t interpolated = 0;   // frames without edges
  std::vector<bool> shifted;  // by frame: the rectangle stuck out and was moved or shrunk
};

// `edges` has one entry a frame; a frame without lies between its neighbours (at the ends: where the nearest one is).
//
// Smooth: the side is the median of the widths within five seconds either way, Gaussian of 10 frames; times the width
// over that median to the power of 0.4, Gaussian of 3 frames, as a face that turns changes its width on the picture,
// and the rectangles of packages only partly. Middle and top: Gaussian of 1.5 frames. Without delay.
//
// Errors: kInvalidInput when no frame has edges, or a side is not positive.
Result<FaceRects> MakeFaceRects(std::span<const std::optional<FaceEdges>> edges, RectRule rule, int width, int height);

// `rect` moved into the picture, and shrunk where it is larger than that; square stays square.
Rect MovedInside(Rect rect, int width, int height);

}  // namespace lips
