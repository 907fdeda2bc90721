// The mouth: lips, teeth and tongue, drawn for each frame from curves.
#pragma once

#include "demo/colour.h"
#include "demo/layer.h"
#include "demo/pose.h"

namespace lips::demo {

// The curves of one mouth, in head units on the face. At a column, from top to bottom: outer upper edge, inner upper,
// inner lower, outer lower; inner edges touch where the lips do.
class LipShape {
 public:
  explicit LipShape(const Mouth& mouth);

  struct Column {
    float outer_top = 0, inner_top = 0, inner_bottom = 0, outer_bottom = 0;
  };
  Column At(float x) const;  // |x| < half_width()

  const Column& middle() const { return middle_; }  // At(0)
  bool still() const { return still_; }             // at rest
  float half_width() const { return half_width_; }
  float jaw() const { return jaw_; }  // how far the lower teeth have dropped
  const Mouth& mouth() const { return mouth_; }
  float corner_y() const { return corner_y_; }
  // What the mouth can touch at all, shadows included.
  Area reach() const;

  // Where the skin seen at `p` is when the mouth rests: the jaw takes it along.
  Point AtRest(Point p) const;

 private:
  Mouth mouth_;
  Column middle_;
  bool still_ = false;
  float half_width_ = 0;
  float opening_half_width_ = 0;
  float jaw_ = 0;
  float corner_y_ = 0;
  float lift_ = 0;   // of the upper lip's inner edge
  float drop_ = 0;   // of the lower lip's
  float upper_ = 0;  // thickness of the lips in the middle
  float lower_ = 0;
};

// Light or shade that the mouth throws on skin at (x, y): a factor for what is there.
float SkinShade(const LipShape& shape, float x, float y);

// Lips and what is between them, over `skin`. `pixel` is the size of one in head units.
Paint DrawMouth(const LipShape& shape, float x, float y, float pixel, Paint skin);

}  // namespace lips::demo
