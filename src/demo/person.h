// The drawn person: a portrait painted once in layers, which pose and mouth move for every frame.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "avatar/geometry.h"
#include "demo/pose.h"
#include "image/view.h"

namespace lips::demo {

// Immutable; any number of threads may draw at once. Equal sizes and seeds give equal bytes on every machine.
class Person {
 public:
  // For pictures of that size (the head is scaled with the height; width and height at least 64). Takes about two
  // seconds. `seed` chooses how the strands of hair fall.
  Person(int width, int height, uint32_t seed);
  Person(Person&&) noexcept;
  Person& operator=(Person&&) noexcept;
  ~Person();

  int width() const;
  int height() const;

  // The part `rect` of the frame (inside it) into `out`, which has the rect's size: the same pixels as in the whole.
  void Draw(const Pose& pose, const Mouth& mouth, Rect rect, ImageView out) const;
  // The same head with two mouths, in little more than the time of one.
  void DrawBoth(const Pose& pose, const std::array<Mouth, 2>& mouths, Rect rect,
                const std::array<ImageView, 2>& out) const;

  // Where a place of the face is in the frame, in pixels. x, y in head units, on the skin of a mouth at rest.
  Landmark Locate(const Pose& pose, float x, float y) const;

  // The face's rectangle by the rule of spec.md 1.3, from the drawn places that landmarks 1, 31 and 52 mean. May leave
  // the frame when the pose is extreme.
  Rect FaceRect(const Pose& pose) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace lips::demo
