// Reads HTTP/1.1 messages out of bytes as they arrive, within limits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "net/http_message.h"

namespace lips {

struct HttpLimits {
  uint32_t header_bytes = 16 << 10;
  uint64_t body_bytes = 64 << 10;
};

// Why a message was refused, as an HTTP status for the answer: 400, 413 (body), 431 (header block).
struct HttpFault {
  int status = 400;
  std::string why;
};

// One message after another. Move-only.
template <typename Message>
class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;
  ~HttpParser();

  // Takes `bytes`, however the message is cut into pieces.
  void Feed(std::span<const uint8_t> bytes);
  // The other side sent all it had: ends a message whose length is only told by that.
  void FeedEnd();

  bool started() const;            // some of the next message is here
  bool has_head() const;           // ... all of its header block
  bool complete() const;           // ... and its body
  const HttpFault* fault() const;  // once there is one, nothing more is read
  bool expects_continue() const;   // the client waits for "100 Continue" before it sends the body

  // The complete message; the parser is ready for the next one. What was fed beyond it is kept.
  Message Take();
  // ... or taken away by whoever goes on reading in another protocol.
  std::vector<uint8_t> TakeRest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using HttpRequestParser = HttpParser<HttpRequest>;
using HttpResponseParser = HttpParser<HttpResponse>;

}  // namespace lips
