// How the drawn person's mouth looks in a frame, measured on its pixels, whoever drew them.
#pragma once

#include "demo/person.h"

namespace lips {

// In head units (demo/face.h), of which a face is 1.84 wide.
struct MouthLook {
  double opening = 0;  // height of what is seen between the lips, at their middle
  double width = 0;    // from one corner of the lips to the other
};

// `frame` has the person's size and shows her with that pose, whatever the mouth does.
MouthLook LookAtMouth(const demo::Person& person, const demo::Pose& pose, ConstImageView frame);

// The part of such a frame in which the lips of the widest mouths move.
Rect LipsArea(const demo::Person& person, const demo::Pose& pose);

}  // namespace lips
