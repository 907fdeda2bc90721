// Crop rectangles in both JSON forms: whatever the bytes, an answer that keeps its promises.
#include "avatar/crop_rects.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto rects = lips::ParseCropRects({reinterpret_cast<const char*>(data), size});
  if (!rects.ok()) return 0;
  if (rects.value().empty()) std::abort();
  for (const lips::Rect& rect : rects.value()) {
    if (rect.width <= 0 || rect.height <= 0 || rect.right() <= rect.x || rect.bottom() <= rect.y) std::abort();
  }
  (void)lips::CheckInside(rects.value(), 1280, 720);
  return 0;
}
