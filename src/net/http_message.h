// HTTP requests and responses as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_part.h"

namespace lips {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of that name, whatever its case; empty when there is none.
std::string_view HeaderOf(const HttpHeaders& headers, std::string_view name);

// Whether a comma separated header names `token`, whatever its case: "Connection: keep-alive, Upgrade".
bool HeaderHasToken(std::string_view value, std::string_view token);

struct HttpRequest {
  std::string method;  // "GET"
  std::string target;  // "/v1/avatars?x=1", as it came
  HttpHeaders headers;
  std::string body;
  bool keep_alive = true;

  std::string_view Header(std::string_view name) const { return HeaderOf(headers, name); }
  bool wants_upgrade() const;  // to a WebSocket
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // besides Content-Length, Connection and Date
  OwnedBytes body;

  std::string_view Header(std::string_view name) const { return HeaderOf(headers, name); }
  std::string_view text() const { return {reinterpret_cast<const char*>(body.bytes.data()), body.bytes.size()}; }
};

// A body of `text`, which it owns.
OwnedBytes TextBody(std::string text);

// "Not Found"
std::string_view ReasonOf(int status);

// The head of a response as it goes over the wire, blank line included. `content_length` < 0: unknown, chunked.
std::string ResponseHead(const HttpResponse& response, int64_t content_length, bool keep_alive);

// A piece of a chunked body: the line before and the line after its bytes; the last one is "0\r\n\r\n".
std::string ChunkHead(size_t bytes);

}  // namespace lips
