// Pictures from outside: any bytes become a picture of a sane size or are refused, as BGR and as planes.
#include "media/picture.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = lips::ParsePicture({data, size});
  if (image.ok() && (image.value().width() <= 0 || image.value().height() <= 0)) std::abort();
  const auto planes = lips::ParseJpegAsYuv({data, size});
  if (planes.ok() && image.ok() && planes.value().width() != image.value().width()) std::abort();
  return 0;
}
