#include "server/byte_range.h"

#include <algorithm>
#include <charconv>

namespace lips {
namespace {

// A number of digits alone; beyond int64_t is as far as anything.
std::optional<int64_t> Digits(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : INT64_MAX;
}

bool NamesEtag(std::string_view header, const std::string& quoted) {
  return header == "*" || HeaderHasToken(header, quoted) || HeaderHasToken(header, "W/" + quoted);
}

}  // namespace

std::optional<ByteRange> ParseRange(std::string_view header, int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit) || header.find(',') != std::string_view::npos) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = Digits(header.substr(0, dash));
  const auto last = Digits(header.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) return ByteRange{1, 0};
    return ByteRange{std::max<int64_t>(0, size - *last), size - 1};
  }
  const bool open = header.size() == dash + 1;
  if (!first || (!open && !last) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{1, 0};
  return ByteRange{*first, open ? size - 1 : std::min(*last, size - 1)};
}

HttpResponse ServeBytes(const HttpRequest& request, const OwnedBytes& bytes, const std::string& etag,
                        HttpHeaders headers) {
  HttpResponse response;
  response.headers = std::move(headers);
  const std::string quoted = "\"" + etag + "\"";
  const auto size = static_cast<int64_t>(bytes.bytes.size());
  response.headers.emplace_back("ETag", quoted);
  response.headers.emplace_back("Accept-Ranges", "bytes");
  if (NamesEtag(request.Header("If-None-Match"), quoted)) {
    response.status = 304;
    return response;
  }
  const std::string_view if_range = request.Header("If-Range");
  const bool same = if_range.empty() || if_range == quoted;
  const auto range = ParseRange(same ? request.Header("Range") : std::string_view(), size);
  const ByteRange part = range.value_or(ByteRange{0, size - 1});
  response.body = bytes;
  if (!range.has_value()) return response;
  if (part.first > part.last) {
    response.status = 416;
    response.body = {};
    response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return response;
  }
  response.status = 206;
  response.headers.emplace_back("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                                     std::to_string(part.last) + "/" + std::to_string(size));
  response.body.bytes =
      bytes.bytes.subspan(static_cast<size_t>(part.first), static_cast<size_t>(part.last - part.first + 1));
  return response;
}

}  // namespace lips
