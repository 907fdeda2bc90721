#include "server/origin.h"

#include <algorithm>
#include <charconv>

#include "net/listener.h"

namespace lips {
namespace {

bool IsHostChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'; }

std::optional<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

// "example.com:8443" for a scheme whose own port is `default_port`.
bool ParseHost(std::string_view text, int default_port, Origin& origin) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  size_t end = 0;
  if (lower.starts_with('[')) {
    end = lower.find(']');
    if (end == std::string::npos) return false;
    const std::string_view inside = std::string_view(lower).substr(1, end - 1);
    if (inside.empty() || inside.find_first_not_of("0123456789abcdef:.") != std::string_view::npos) return false;
    ++end;
  } else {
    end = std::min(lower.find(':'), lower.size());
    if (end == 0 || !std::ranges::all_of(lower.substr(0, end), IsHostChar)) return false;
  }
  origin.host = lower.substr(0, end);
  origin.port = default_port;
  if (end == lower.size()) return true;
  const auto port = lower[end] == ':' ? ParsePort(std::string_view(lower).substr(end + 1)) : std::nullopt;
  if (!port) return false;
  origin.port = *port;
  return true;
}

}  // namespace

std::optional<Origin> ParseOrigin(std::string_view text) {
  Origin origin;
  int default_port = 0;
  for (const auto& [scheme, port] : {std::pair("http", 80), std::pair("https", 443)}) {
    const std::string prefix = std::string(scheme) + "://";
    if (!text.starts_with(prefix)) continue;
    origin.scheme = scheme;
    default_port = port;
    text.remove_prefix(prefix.size());
    break;
  }
  if (origin.scheme.empty() || !ParseHost(text, default_port, origin)) return std::nullopt;
  return origin;
}

bool OriginAllowed(std::string_view origin, std::string_view host, bool secure,
                   const std::vector<std::string>& allowed) {
  if (origin.empty()) return true;
  if (std::ranges::find(allowed, "*") != allowed.end()) return true;
  const auto page = ParseOrigin(origin);
  if (!page) return false;
  // Behind a proxy that ends TLS the page is https and we are not; its host and port then tell by themselves.
  Origin own{secure ? "https" : page->scheme, "", 0};
  if (ParseHost(host, own.scheme == "https" ? 443 : 80, own) && own == *page) return true;
  return std::ranges::any_of(allowed, [&](const std::string& text) { return ParseOrigin(text) == page; });
}

bool HostIsLocal(std::string_view host) {
  Origin origin;
  if (!ParseHost(host, 80, origin)) return false;
  std::string name = origin.host;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  return name == "localhost" || name.ends_with(".localhost") || IsLoopback(name);
}

bool HostAllowed(std::string_view host, const std::vector<std::string>& allowed) {
  if (HostIsLocal(host) || std::ranges::find(allowed, "*") != allowed.end()) return true;
  Origin asked;
  if (!ParseHost(host, 0, asked)) return false;
  return std::ranges::any_of(allowed, [&](const std::string& text) {
    const auto origin = ParseOrigin(text);
    return origin && origin->host == asked.host;
  });
}

}  // namespace lips
