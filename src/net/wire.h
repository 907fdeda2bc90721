// A connection's two streams of bytes, whatever carries them: TCP, TLS, or memory in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "net/once.h"

namespace lips {

enum class WireEnd : uint8_t {
  kOk,
  kEnded,   // the other side sent all it had
  kClosed,  // we closed it
  kFailed,  // reset, timed out, not TLS, ...
};

using WireDone = Once<void(WireEnd, size_t bytes)>;

// At most one read and one write at a time. Callbacks come from the loop, never from within the call; none is lost:
// closing or destroying the wire ends what is pending with kClosed.
class Wire {
 public:
  virtual ~Wire() = default;

  // Some bytes, at least one unless it ends. `into` lives until then.
  virtual void ReadSome(std::span<uint8_t> into, WireDone done) = 0;
  // Writes some of `pieces`, in order; kOk with the number of bytes. Their bytes live until then, the list itself need
  // not.
  virtual void WriteSome(std::span<const std::span<const uint8_t>> pieces, WireDone done) = 0;
  // Says goodbye, where the carrier has a way to, and half closes; nothing is written after it.
  virtual void Finish(WireDone done) = 0;
  virtual void Close() = 0;
};

// An open socket as it came from the listener or the connector. Move-only.
class Socket {
 public:
  Socket() = default;
  Socket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int Release();
  const std::string& peer() const { return peer_; }  // numeric address, without the port

 private:
  int fd_ = -1;
  std::string peer_;
};

// Bytes as they are. Null when the system refuses.
std::unique_ptr<Wire> MakeTcpWire(Loop& loop, Socket socket);

// Writes all of `bytes`, which live until then.
void WriteAll(Wire& wire, std::span<const uint8_t> bytes, WireDone done);

}  // namespace lips
