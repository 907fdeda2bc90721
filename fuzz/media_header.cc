// Any bytes as a media message: refused, or a header that is written as it was read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "live/media_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto media = lips::DecodeMedia({data, size});
  if (!media.ok()) return 0;
  if (media.value().payload.size() > size - lips::kMediaHeaderBytes) std::abort();
  auto bytes = lips::EncodeMediaHeader(media.value().header);
  bytes[6] = data[6];  // the length may have been a later version's
  bytes[7] = data[7];
  if (!std::equal(bytes.begin(), bytes.end(), data)) std::abort();
  return 0;
}
