// Waits for connections on an address and port.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "net/wire.h"

namespace lips {

class Listener {
 public:
  using Accepted = std::function<void(Socket)>;

  // `address` is numeric ("127.0.0.1", "::1", "0.0.0.0"); port 0 takes any free one. Connections arrive on the loop
  // until the listener ends. When the process is out of descriptors it stops accepting for a moment; nothing else is
  // harmed. Errors: kInvalidInput (address), kIo (in use, not allowed), naming both.
  static Result<std::unique_ptr<Listener>> Open(Loop& loop, const std::string& address, int port, Accepted accepted);
  virtual ~Listener() = default;
  virtual int port() const = 0;
};

// Whether `address` is of this machine alone. Anything not numeric is not.
bool IsLoopback(const std::string& address);

// Resolves `host` and connects to the first address that answers within `limit`. Errors: kIo naming host and port.
void Connect(Loop& loop, const std::string& host, int port, std::chrono::milliseconds limit,
             Once<void(Result<Socket>)> done);

}  // namespace lips
