// One TCP connection that carries messages of a remote generator.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/remote/wire.h"

namespace lips::remote {

// "HOST:PORT" or "[IPv6]:PORT". Errors: kInvalidInput.
struct Address {
  std::string host;
  int port = 0;
};
Result<Address> ParseAddress(const std::string& text);

// Move-only. One thread sends and receives; Shutdown from any.
class Connection {
 public:
  Connection() = default;
  explicit Connection(int socket);  // takes it over
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Errors: kIo naming the address and the system's reason.
  static Result<Connection> Connect(const Address& address, int timeout_ms);

  bool is_open() const { return socket_ >= 0; }
  void Close();
  // Ends what another thread waits for. The socket stays open until this object goes.
  void Shutdown() const;

  // Errors: kIo (the other side is gone; nothing moves for `timeout_ms`), saying how much was lost.
  Status Send(Type type, std::span<const uint8_t> payload, int timeout_ms);
  // Waits for a message to begin for `begin_ms` (negative: without limit), and for each piece of it for `timeout_ms`.
  // Errors: also kEndOfStream (closed between messages), those of ParseHeader.
  Result<Type> Receive(std::vector<uint8_t>& payload, int begin_ms, int timeout_ms);

 private:
  Status Wait(short events, int timeout_ms) const;
  Status SendAll(std::span<const uint8_t> bytes, int timeout_ms);
  // Fills `bytes`; `got` says how far it came.
  Status ReceiveAll(std::span<uint8_t> bytes, int begin_ms, int timeout_ms, size_t& got);

  int socket_ = -1;
};

}  // namespace lips::remote
