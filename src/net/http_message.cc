#include "net/http_message.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace lips {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameWord(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT", in English whatever the locale.
std::string HttpDate(std::time_t now) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t = {};
  ::gmtime_r(&now, &t);
  char text[64];
  std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[t.tm_wday], t.tm_mday,
                kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return text;
}

}  // namespace

std::string_view HeaderOf(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (SameWord(key, name)) return value;
  }
  return {};
}

bool HeaderHasToken(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    if (SameWord(Trimmed(value.substr(0, comma)), token)) return true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return false;
}

bool HttpRequest::wants_upgrade() const {
  return HeaderHasToken(Header("Connection"), "upgrade") && HeaderHasToken(Header("Upgrade"), "websocket");
}

OwnedBytes TextBody(std::string text) {
  const auto owner = std::make_shared<const std::string>(std::move(text));
  return {{reinterpret_cast<const uint8_t*>(owner->data()), owner->size()}, owner};
}

std::string_view ReasonOf(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

std::string ResponseHead(const HttpResponse& response, int64_t content_length, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(ReasonOf(response.status)).append("\r\n");
  for (const auto& [key, value] : response.headers) head.append(key).append(": ").append(value).append("\r\n");
  head += "Date: " + HttpDate(std::time(nullptr)) + "\r\n";
  if (content_length >= 0) {
    if (response.status != 204 && response.status != 304) {
      head += "Content-Length: " + std::to_string(content_length) + "\r\n";
    }
  } else {
    head += "Transfer-Encoding: chunked\r\n";
  }
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

std::string ChunkHead(size_t bytes) {
  char text[24];
  std::snprintf(text, sizeof(text), "%zx\r\n", bytes);
  return text;
}

}  // namespace lips
