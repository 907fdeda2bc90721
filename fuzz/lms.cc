// Landmark files and the rectangle they give.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "avatar/geometry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto landmarks = lips::ParseLandmarks({reinterpret_cast<const char*>(data), size});
  if (!landmarks.ok()) return 0;
  if (landmarks.value().size() < 53 || landmarks.value().size() > 1000) std::abort();
  const auto rect = lips::RectFromLandmarks(landmarks.value());
  if (rect.ok() && (rect.value().width <= 0 || rect.value().width != rect.value().height)) std::abort();
  return 0;
}
