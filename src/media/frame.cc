#include "media/frame.h"

#include <charconv>
#include <cmath>
#include <numeric>
#include <system_error>

namespace lips {
namespace {

bool ParseWhole(std::string_view text, int& value) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size();
}

// Broadcast's rates are 1000/1001 of a whole number and commonly written with two or three decimals.
bool ParseBroadcast(double rate, FrameRate& out) {
  for (const int nominal : {24, 30, 48, 60, 120, 240}) {
    if (std::abs(rate - nominal / 1.001) < 0.005) {
      out = {nominal * 1000, 1001};
      return true;
    }
  }
  return false;
}

bool ParseDecimal(std::string_view text, FrameRate& out) {
  constexpr int kDenominator = 1000;
  double rate = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), rate, std::chars_format::fixed);
  if (failure != std::errc() || end != text.data() + text.size()) return false;
  if (!(rate > 0 && rate < 1000)) return false;
  if (rate != std::floor(rate) && ParseBroadcast(rate, out)) return true;
  out = {static_cast<int>(std::lround(rate * kDenominator)), kDenominator};
  return true;
}

bool ParseFraction(std::string_view text, FrameRate& out) {
  const size_t slash = text.find('/');
  return slash != std::string_view::npos && ParseWhole(text.substr(0, slash), out.num) &&
         ParseWhole(text.substr(slash + 1), out.den);
}

}  // namespace

Status CheckFrameRate(FrameRate fps) {
  const bool positive = fps.num > 0 && fps.den > 0;
  if (positive && fps.num >= fps.den && int64_t{fps.num} <= int64_t{240} * fps.den) return {};
  return Error(ErrorCode::kInvalidInput, "the frame rate is " + std::to_string(fps.num) + "/" +
                                             std::to_string(fps.den) + "; expected 1 to 240 frames per second");
}

Result<FrameRate> ParseFrameRate(std::string_view text) {
  FrameRate fps;
  if (!ParseFraction(text, fps) && !ParseDecimal(text, fps)) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + std::string(text) + "' is no frame rate; expected one like 25, 29.97 or 30000/1001");
  }
  RETURN_IF_ERROR(CheckFrameRate(fps));
  const int divisor = std::gcd(fps.num, fps.den);
  return FrameRate{fps.num / divisor, fps.den / divisor};
}

}  // namespace lips
