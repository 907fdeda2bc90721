// Which rectangles an avatar is composited by unless somebody says otherwise.
#pragma once

#include "avatar/avatar.h"
#include "composite/composite.h"

namespace lips {

// Natural compositing is for smooth ones; compatible compositing knows whole pixels only, and a package's own pictures
// were cut out by its own rectangles.
inline Rectangles UsualRectangles(CompositeMode composite, InputSource inputs) {
  const bool smooth = composite == CompositeMode::kNatural && inputs != InputSource::kPackage;
  return smooth ? Rectangles::kSmooth : Rectangles::kPackage;
}

}  // namespace lips
