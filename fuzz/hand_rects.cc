// Any text as rectangles by hand.
#include "face/hand_rects.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kFrames = 50;
  const auto rects = lips::ParseHandRects({reinterpret_cast<const char*>(data), size}, kFrames);
  if (!rects.ok()) return 0;
  if (rects.value().size() != kFrames) std::abort();
  for (const lips::Rect& rect : rects.value()) {
    if (rect.width < 1 || rect.height < 1) std::abort();
  }
  return 0;
}
