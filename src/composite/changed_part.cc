#include "composite/changed_part.h"

#include <algorithm>

#include "image/cubic_axis.h"

namespace lips {

ChangedPart PartChangedBy(const Rect& used, int size_px, int crop_px, const Place& place, int frame_width,
                          int frame_height) {
  if (place.width <= 0 || place.height <= 0) return {};
  const int border = (crop_px - size_px) / 2;
  const double across = place.width / crop_px, down = place.height / crop_px;  // frame pixels a crop pixel
  const Rect around =
      RectAround({place.x + (border + used.x - kCubicReach) * across, place.y + (border + used.y - kCubicReach) * down,
                  (used.width + 2 * kCubicReach) * across, (used.height + 2 * kCubicReach) * down});
  const int left = std::max(around.x, 0), right = std::min(around.right(), frame_width);
  const int top = std::max(around.y, 0), bottom = std::min(around.bottom(), frame_height);
  if (right <= left || bottom <= top) return {};
  const Rect rect = {left, top, right - left, bottom - top};
  return {rect, {(rect.x - place.x) / across, (rect.y - place.y) / down, rect.width / across, rect.height / down}};
}

}  // namespace lips
