#include "model/name.h"

#include <cstdint>

namespace lips {
namespace {

// Bytes of the UTF-8 sequence `text` starts with; 0 when it starts with none (overlong forms and surrogates are none).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t length = byte(0) < 0x80                       ? 1
                        : byte(0) >= 0xc2 && byte(0) <= 0xdf ? 2
                        : (byte(0) & 0xf0) == 0xe0           ? 3
                        : byte(0) >= 0xf0 && byte(0) <= 0xf4 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (byte(0) == 0xe0 && byte(1) < 0xa0) return 0;
  if (byte(0) == 0xed && byte(1) >= 0xa0) return 0;
  if (byte(0) == 0xf0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

}  // namespace

std::string PrintableName(std::string_view name, size_t most_bytes) {
  std::string text;
  while (!name.empty()) {
    const size_t length = SequenceLength(name);
    const bool printable = length > 1 || (length == 1 && name[0] >= 0x20 && name[0] != 0x7f);
    if (text.size() + (printable ? length : 1) > most_bytes) return text + "...";
    text += printable ? name.substr(0, length) : "?";
    name.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

std::string QuoteName(std::string_view name) { return "'" + PrintableName(name, 80) + "'"; }

}  // namespace lips
