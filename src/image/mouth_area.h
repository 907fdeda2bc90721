// Where the mouth lies in a face: one answer for everything that measures or guards it.
#pragma once

#include "image/view.h"

namespace lips {

// `face` is a rectangle of the family's rule, as in a frame, or the whole picture that a network draws: lips, teeth and
// what moves around them, from below the nose to the chin (composite/jaw_mask.h says where those are).
constexpr Rect MouthOf(Rect face) {
  return {face.x + face.width / 5, face.y + face.height * 22 / 100, face.width - 2 * (face.width / 5),
          face.height * 45 / 100};
}

// Likewise: chin and what is below it, which a jaw that moves takes along.
constexpr Rect ChinOf(Rect face) {
  return {face.x + face.width / 5, face.y + face.height / 2, face.width - 2 * (face.width / 5),
          face.height * 95 / 100 - face.height / 2};
}

}  // namespace lips
