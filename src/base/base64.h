// Bytes as text: base64 as of RFC 4648, both alphabets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lips {

enum class Base64 : uint8_t {
  kStandard,  // + and /, padded with =
  kUrl,       // - and _, not padded
};

// Nothing when `text` is not exactly what EncodeBase64 gives for some bytes: no spaces, the right padding, no stray
// bits.
std::optional<std::vector<uint8_t>> DecodeBase64(std::string_view text, Base64 alphabet);
std::string EncodeBase64(std::span<const uint8_t> bytes, Base64 alphabet);

}  // namespace lips
