// HMAC-SHA-256, comparison in constant time, and secret random bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lips {

using HmacSha256Code = std::array<uint8_t, 32>;

// RFC 2104 over SHA-256.
HmacSha256Code HmacSha256(std::string_view key, std::string_view message);

// Whether both hold the same bytes; how long that takes depends on their lengths alone.
bool SameSecret(std::span<const uint8_t> a, std::span<const uint8_t> b);
bool SameSecret(std::string_view a, std::string_view b);

// `bytes` bytes of the system's generator in the URL alphabet of base64: names and keys nobody can guess.
std::string RandomName(size_t bytes);

}  // namespace lips
