// JSON from outside: any bytes are parsed or refused, and what was parsed survives a write and a read. Doubles may move
// by one unit in the last place: Boost 1.81's parser rounds fast, not exactly.
#include "base/json.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool HasDouble(const lips::Json& json) {
  if (json.is_number()) return !json.is_int();
  for (const lips::Json& element : json.array()) {
    if (HasDouble(element)) return true;
  }
  for (const auto& [key, value] : json.members()) {
    if (HasDouble(value)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = lips::ParseJson(text);
  if (!json.ok()) return 0;
  const std::string dump = json.value().Dump(/*compact=*/true);
  const auto again = lips::ParseJson(dump);
  if (!again.ok()) std::abort();
  if (!HasDouble(json.value()) && again.value().Dump(/*compact=*/true) != dump) std::abort();
  return 0;
}
