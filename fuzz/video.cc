// Videos from outside: any bytes are refused or give exactly the frames they promised, each a picture or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/video_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto reader = lips::VideoReader::OpenBytes({data, size}, "input", {});
  if (!reader.ok()) return 0;
  const lips::VideoInfo info = reader.value().info();
  if (info.frames <= 0 || info.width <= 0 || info.height <= 0) std::abort();
  lips::YuvImage image;
  for (const int64_t frame : {info.frames - 1, int64_t{0}, info.frames / 2}) {
    if (!reader.value().Seek(frame).ok()) std::abort();
    const lips::Status status = reader.value().Read(image);
    if (status.ok() && (image.width() != info.width || image.height() != info.height)) std::abort();
    if (!status.ok() && status.error().code() == lips::ErrorCode::kEndOfStream) std::abort();
  }
  return 0;
}
