#include "image/key_colour.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <system_error>

namespace lips {
namespace {

// Levels between the largest and the smallest of a colour's three: less than this is nearly grey.
constexpr int kLeastColour = 48;

Status CheckShare(const char* what, double value) {
  if (value >= 0 && value <= 1) return {};
  return Error(ErrorCode::kInvalidInput,
               "the key colour's " + std::string(what) + " is " + std::to_string(value) + "; expected 0 to 1");
}

}  // namespace

Status ParseKeyColour(std::string_view text, KeyColour& key) {
  std::string_view digits = text == "green" ? "00ff00" : text == "blue" ? "0000ff" : text;
  if (digits.starts_with("#")) digits.remove_prefix(1);
  uint32_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 6 || failure != std::errc() || end != digits.data() + digits.size()) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + std::string(text) + "' is no colour; expected one like '#00ff00', green or blue");
  }
  key.red = static_cast<uint8_t>(value >> 16);
  key.green = static_cast<uint8_t>(value >> 8);
  key.blue = static_cast<uint8_t>(value);
  return {};
}

std::string KeyColourText(const KeyColour& key) {
  std::array<char, 8> text = {};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", key.red, key.green, key.blue);
  return text.data();
}

Status CheckKeyColour(const KeyColour& key) {
  RETURN_IF_ERROR(CheckShare("tolerance", key.tolerance));
  RETURN_IF_ERROR(CheckShare("softness", key.softness));
  RETURN_IF_ERROR(CheckShare("spill", key.spill));
  const auto [least, most] = std::minmax({key.red, key.green, key.blue});
  if (most - least >= kLeastColour) return {};
  return Error(ErrorCode::kInvalidInput, "the key colour " + KeyColourText(key) +
                                             " is nearly grey, as skin and hair may be; expected a clear colour");
}

}  // namespace lips
