#include "base/base64.h"

#include <array>

namespace lips {
namespace {

constexpr std::string_view kCommon = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

char LetterOf(uint32_t value, Base64 alphabet) {
  if (value < kCommon.size()) return kCommon[value];
  const bool first = value == kCommon.size();
  if (alphabet == Base64::kUrl) return first ? '-' : '_';
  return first ? '+' : '/';
}

std::array<int8_t, 256> MakeValues(Base64 alphabet) {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (uint32_t v = 0; v < 64; ++v) values[static_cast<uint8_t>(LetterOf(v, alphabet))] = static_cast<int8_t>(v);
  return values;
}

}  // namespace

std::optional<std::vector<uint8_t>> DecodeBase64(std::string_view text, Base64 alphabet) {
  static const std::array<std::array<int8_t, 256>, 2> kValues = {MakeValues(Base64::kStandard),
                                                                 MakeValues(Base64::kUrl)};
  const auto& values = kValues[alphabet == Base64::kUrl ? 1 : 0];
  if (alphabet == Base64::kStandard) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const int8_t value = values[static_cast<uint8_t>(c)];
    if (value < 0) return std::nullopt;
    held = (held << 6 | static_cast<uint32_t>(value)) & 0xFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<uint8_t>(held >> bits));
  }
  if ((held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string EncodeBase64(std::span<const uint8_t> bytes, Base64 alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t held = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    held = (held << 8 | byte) & 0xFFFF;
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      text.push_back(LetterOf(held >> bits & 63, alphabet));
    }
  }
  if (bits > 0) text.push_back(LetterOf(held << (6 - bits) & 63, alphabet));
  while (alphabet == Base64::kStandard && text.size() % 4 != 0) text.push_back('=');
  return text;
}

}  // namespace lips
