// Which feature rows the generator hears for a video frame.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace lips {

inline constexpr int kWindowRows = 16;   // the generator hears this many feature rows
inline constexpr int kWindowCentre = 8;  // ... of which this one belongs to the video frame

enum class WindowEdge : uint8_t {
  kZeros,   // what the network saw in training
  kRepeat,  // the first or last row again
};

// Copies feature rows [frame - 8, frame + 8) into `out`, row after row; rows outside [0, count) as `edge` says.
// With 512-float rows the result seen as [32, 16, 16] is the generator's audio input.
//
// `features` is [count, row_floats]; `out` is [16, row_floats]. Errors: kInvalidInput unless 0 <= frame < count
// and both sizes fit row_floats. Source: spec.md 2.2.
Status FillWindow(std::span<const float> features, int row_floats, int64_t frame, WindowEdge edge,
                  std::span<float> out);

// The same where only a piece of the track is held: `held` is rows [first_row, first_row + held rows) of `count`.
// Errors: also kInvalidInput when a row the window needs is not among them.
Status FillWindow(std::span<const float> held, int64_t first_row, int64_t count, int row_floats, int64_t frame,
                  WindowEdge edge, std::span<float> out);

// A moment between two feature rows.
struct FeatureTime {
  int64_t row = 0;  // the one before, or at it
  float part = 0;   // of the way to the next row, in [0, 1)
  bool between() const { return part > 0; }
};

// A window at `part` of the way to the one a row later: every row mixed with its neighbour. `window` and `next` are of
// one size. A part of 0 leaves the bits.
void MixWindow(std::span<float> window, std::span<const float> next, float part);

}  // namespace lips
