// Which web pages may talk to the server: origins as browsers tell them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lips {

struct Origin {
  std::string scheme;  // "http", "https"
  std::string host;    // lower case; an IPv6 address with its brackets
  int port = 0;        // the scheme's own where none is given
  bool operator==(const Origin&) const = default;
};

// "https://example.com:8443". Nothing for anything else: paths, users, other schemes, "null".
std::optional<Origin> ParseOrigin(std::string_view text);

// Whether a page of `origin` may use the server that it reached as `host` (the Host header) by https or not. Its own
// pages may, and those of `allowed` ("*": all). A request without an origin does not come from a page.
bool OriginAllowed(std::string_view origin, std::string_view host, bool secure,
                   const std::vector<std::string>& allowed);

// Whether `host` (a Host header) names this machine by an address no other page can have: localhost, 127.0.0.1, [::1].
// A page that points its own name at this machine (DNS rebinding) is told by that, where nothing else protects it.
bool HostIsLocal(std::string_view host);
// ... or one of the allowed origins' hosts.
bool HostAllowed(std::string_view host, const std::vector<std::string>& allowed);

}  // namespace lips
