#include "server/target.h"

#include <algorithm>

namespace lips {
namespace {

constexpr size_t kMaxTarget = 4096;
constexpr size_t kMaxQueryFields = 64;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> Decode(std::string_view text, bool in_query) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && in_query) c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return Error(ErrorCode::kInvalidInput, "the target has a % without two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return Error(ErrorCode::kInvalidInput, "the target has a control character");
    out += c;
  }
  return out;
}

Status AddSegment(std::string_view text, HttpTarget& target) {
  ASSIGN_OR_RETURN(std::string segment, Decode(text, /*in_query=*/false));
  if (segment.empty() || segment == "." || segment == ".." || segment.find_first_of("/\\") != std::string::npos) {
    return Error(ErrorCode::kInvalidInput, "the path has the segment '" + segment + "'");
  }
  target.segments.push_back(std::move(segment));
  return {};
}

Status AddQuery(std::string_view text, HttpTarget& target) {
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    if (field.empty()) continue;
    if (target.query.size() == kMaxQueryFields) return Error(ErrorCode::kInvalidInput, "the query has too many fields");
    const size_t equals = std::min(field.find('='), field.size());
    ASSIGN_OR_RETURN(std::string name, Decode(field.substr(0, equals), /*in_query=*/true));
    ASSIGN_OR_RETURN(std::string value, Decode(field.substr(std::min(equals + 1, field.size())), /*in_query=*/true));
    target.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

std::string HttpTarget::path() const {
  std::string path;
  for (const std::string& segment : segments) path.append("/").append(segment);
  return path.empty() ? "/" : path;
}

std::string_view HttpTarget::Query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

Result<HttpTarget> ParseTarget(std::string_view target) {
  if (target.size() > kMaxTarget) return Error(ErrorCode::kInvalidInput, "the target is longer than 4096 bytes");
  if (!target.starts_with('/')) return Error(ErrorCode::kInvalidInput, "the target does not begin with /");
  HttpTarget parsed;
  const size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(1, question - 1);
  if (path.ends_with('/') && path.size() > 1) path.remove_suffix(1);
  while (!path.empty()) {
    const size_t slash = path.find('/');
    RETURN_IF_ERROR(AddSegment(path.substr(0, slash), parsed));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) return Error(ErrorCode::kInvalidInput, "the path has the segment ''");
  }
  if (question < target.size()) RETURN_IF_ERROR(AddQuery(target.substr(question + 1), parsed));
  return parsed;
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace lips
