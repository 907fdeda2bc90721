// A WebSocket over a wire: whole messages in and out, limits, keep-alive, close codes. Compression is never agreed to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"
#include "net/loop.h"
#include "net/once.h"
#include "net/wire.h"

namespace lips {

struct WebSocketLimits {
  size_t text_bytes = 64 << 10;   // a larger text message ends the connection with 1009
  size_t binary_bytes = 1 << 20;  // ... likewise
  std::chrono::milliseconds handshake = std::chrono::seconds(10);
  std::chrono::milliseconds write = std::chrono::seconds(10);  // a message that is not taken in time ends it
  std::chrono::milliseconds silence =
      std::chrono::seconds(30);  // without any byte from the other side; pinged at half of it
};

// Close codes of RFC 6455 that we send; those of the protocol are the server's.
enum : uint16_t {
  kCloseNormal = 1000,
  kCloseProtocolError = 1002,
  kCloseUnsupported = 1003,
  kCloseNoCode = 1005,    // never sent: the other side gave none
  kCloseAbnormal = 1006,  // never sent: it went without a close frame
  kCloseBadText = 1007,
  kCloseTooBig = 1009,
};

struct WebSocketMessage {
  bool text = false;
  std::vector<uint8_t> bytes;
};

// How a connection ended.
struct WebSocketEnd {
  uint16_t code = kCloseAbnormal;
  std::string reason;
  bool by_peer = false;
};

class WebSocket {
 public:
  // The server's side. `request` asked for the upgrade; `rest` is what came after it; the answer names `protocol`.
  // `done` gets null when the handshake fails.
  using Ready = Once<void(std::unique_ptr<WebSocket>)>;
  static void Accept(Loop& loop, std::unique_ptr<Wire> wire, const HttpRequest& request, std::vector<uint8_t> rest,
                     const std::string& protocol, const WebSocketLimits& limits, Ready done);

  // The client's side: asks `host` for `target` with more headers. A refusal comes with the server's answer.
  struct Refusal {
    Error error;
    HttpResponse response;  // status 0 when there was no answer
  };
  using Shaken = Once<void(std::unique_ptr<WebSocket>, std::unique_ptr<Refusal>)>;
  static void Request(Loop& loop, std::unique_ptr<Wire> wire, const std::string& host, const std::string& target,
                      const HttpHeaders& headers, const WebSocketLimits& limits, Shaken done);

  virtual ~WebSocket() = default;  // drops the connection; callbacks that are pending are not called any more

  // The next message, or how it ended. One at a time; while none is asked for, nothing is read from the wire, and the
  // other side's silence is not held against it.
  struct Incoming {
    WebSocketMessage message;
    bool ended = false;
    WebSocketEnd end;
  };
  virtual void Read(Once<void(Incoming)> done) = 0;

  // A message of `head` and `payload` in one frame, whose bytes are kept alive until it is written. One at a time.
  // false: the connection has ended; Read says how.
  virtual void Write(bool text, std::string head, OwnedBytes payload, Once<void(bool ok)> done) = 0;

  // Says goodbye with a code and waits for the answer for a short while. Read ends too. Once.
  virtual void Close(uint16_t code, const std::string& reason, Once<void()> done) = 0;
};

}  // namespace lips
