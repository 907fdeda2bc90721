// Phone files in both forms: whatever the bytes, an answer that keeps its promises, and a mouth that can be drawn.
#include "demo/phones.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto phones = lips::demo::ParsePhones({reinterpret_cast<const char*>(data), size});
  if (!phones.ok()) return 0;
  if (phones.value().empty()) std::abort();
  double begin = 0;
  for (const lips::demo::Phone& phone : phones.value()) {
    if (!(phone.end_s >= begin) || !lips::demo::IsKnownPhone(phone.name)) std::abort();
    begin = phone.end_s;
  }
  for (const lips::demo::Mouth& mouth : lips::demo::MouthCurve(phones.value(), 20)) {
    for (const float value : {mouth.open, mouth.wide, mouth.round, mouth.teeth, mouth.tuck, mouth.press}) {
      if (!(value >= 0 && value <= 1)) std::abort();
    }
  }
  return 0;
}
