#include "demo/phones.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "demo/viseme.h"

namespace lips::demo {
namespace {

constexpr size_t kMaxPhones = 1000000;
constexpr double kMaxSeconds = 24 * 3600;
constexpr std::string_view kSpace = " \t\r\n";

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(kSpace), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string Quoted(std::string_view text) { return "'" + std::string(text.substr(0, 40)) + "'"; }

Status Add(std::string_view name, std::string_view seconds, const std::string& where, std::vector<Phone>& phones) {
  double end = 0;
  const auto [rest, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), end);
  if (error != std::errc() || rest != seconds.data() + seconds.size() || !std::isfinite(end)) {
    return Error(ErrorCode::kCorrupted,
                 where + ": expected the seconds at which the phone ends, found " + Quoted(seconds));
  }
  const double begin = phones.empty() ? 0 : phones.back().end_s;
  if (end < begin) {
    return Error(ErrorCode::kCorrupted, where + ": the phone ends at " + std::to_string(end) +
                                            " s, before it begins at " + std::to_string(begin) + " s");
  }
  if (end > kMaxSeconds || phones.size() >= kMaxPhones) {
    return Error(ErrorCode::kResourceLimit, where + ": more than 24 hours or a million phones");
  }
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (plain.size() > 1 && plain.back() >= '0' && plain.back() <= '9') plain.pop_back();
  if (!IsKnownPhone(plain)) {
    return Error(ErrorCode::kCorrupted, where + ": unknown phone " + Quoted(name) + "; known are" + KnownPhones());
  }
  phones.push_back({std::move(plain), end});
  return {};
}

Status ParseLine(std::string_view line, const std::string& where, std::vector<Phone>& phones) {
  const auto words = Words(line.substr(0, std::min(line.find('#'), line.size())));
  for (size_t k = 0; k < words.size(); ++k) {
    const size_t colon = words[k].rfind(':');
    if (colon != std::string_view::npos) {
      RETURN_IF_ERROR(Add(words[k].substr(0, colon), words[k].substr(colon + 1), where, phones));
    } else if (k == 0 && words.size() == 2) {
      return Add(words[0], words[1], where, phones);
    } else {
      return Error(ErrorCode::kCorrupted,
                   where + ": expected 'phone end_seconds' or 'phone:end_seconds', found " + Quoted(words[k]));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Phone>> ParsePhones(std::string_view text) {
  std::vector<Phone> phones;
  for (int line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    RETURN_IF_ERROR(ParseLine(text.substr(0, end), "line " + std::to_string(line), phones));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (phones.empty()) return Error(ErrorCode::kInvalidInput, "no phones found; expected lines of 'phone end_seconds'");
  return phones;
}

Result<std::vector<Phone>> ReadPhones(const Path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  auto phones = ParsePhones(text);
  if (!phones.ok()) return std::move(phones).TakeError().Within("phones '" + path.string() + "'");
  return phones;
}

}  // namespace lips::demo
