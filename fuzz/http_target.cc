// HTTP from outside: targets, ranges, origins and whole requests, however they are cut into pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/http_parser.h"
#include "server/byte_range.h"
#include "server/origin.h"
#include "server/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = lips::ParseTarget(text); target.ok()) {
    for (const std::string& segment : target.value().segments) {
      const bool leads_out = segment.empty() || segment == "." || segment == ".." ||
                             segment.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos;
      if (leads_out) std::abort();
    }
  }
  if (const auto range = lips::ParseRange(text, 1000); range && range->first <= range->last) {
    if (range->first < 0 || range->last >= 1000) std::abort();
  }
  lips::OriginAllowed(text, "localhost:8080", false, {"https://example.com"});
  lips::HostIsLocal(text);
  // The first byte says how large the pieces are.
  if (size == 0) return 0;
  const size_t step = size_t{data[0]} + 1;
  lips::HttpRequestParser parser{lips::HttpLimits{4096, 4096}};
  for (size_t at = 1; at < size && parser.fault() == nullptr; at += step) {
    parser.Feed({data + at, std::min(step, size - at)});
    while (parser.fault() == nullptr && parser.complete()) {
      if (parser.Take().body.size() > 4096) std::abort();
    }
  }
  parser.FeedEnd();
  return 0;
}
