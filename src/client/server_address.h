// Where a server is and how it is spoken to: its URL, its certificate, a connection to it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/http_message.h"
#include "net/tls.h"
#include "net/wire.h"

namespace lips {

struct ServerAddress {
  bool secure = false;
  std::string host;
  int port = 80;
  TlsContext tls;  // whom to trust; secure addresses only

  std::string host_header() const;  // "example.com:8080"
};

// "http://localhost:8080", https, ws, wss; a path of "/" alone may follow. `authority`: a PEM file to trust instead of
// the system's authorities. Errors: kInvalidInput; those of the file.
Result<ServerAddress> ParseServerUrl(const std::string& url, const std::optional<Path>& authority);

// A connection, with TLS where the address wants it. Errors: kIo.
void OpenWire(Loop& loop, const ServerAddress& server, std::chrono::milliseconds limit,
              Once<void(Result<std::unique_ptr<Wire>>)> done);

struct FetchRequest {
  std::string method = "GET";
  std::string target = "/";
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds limit = std::chrono::seconds(10);
  uint64_t answer_bytes = 16 << 20;  // a larger answer is an error
};

// One request, one answer, whatever its status. Errors: kIo, kCorrupted (no HTTP).
void Fetch(Loop& loop, const ServerAddress& server, const FetchRequest& request, Once<void(Result<HttpResponse>)> done);
// The same on a loop of its own, for who has nothing else to do meanwhile.
Result<HttpResponse> FetchNow(const ServerAddress& server, const FetchRequest& request);

// The sentence of an error answer of ours, or what the status means.
Error ErrorOf(const HttpResponse& response);

}  // namespace lips
