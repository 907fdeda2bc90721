// A mouth between the template's and the generated one.
#pragma once

#include "image/view.h"

namespace lips {

// `out` = R + presence * (mouth - R), rounded, R being the middle of the template's `crop` (composite/composite.h);
// `out` is [S, S] as `mouth` and may be it. A presence of 1 gives the mouth's bits, 0 the template's.
void FadeMouth(ConstImageView crop, ConstImageView mouth, float presence, ImageView out);

}  // namespace lips
