#include "engine/remote/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

namespace lips::remote {
namespace {

std::string Reason(int error) { return std::system_category().message(error); }
Error Io(const std::string& what) { return Error(ErrorCode::kIo, what); }

// An attempt at one of the addresses a name stands for.
Result<Connection> Try(const addrinfo& place, int timeout_ms) {
  const int socket = ::socket(place.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, place.ai_protocol);
  if (socket < 0) return Io(Reason(errno));
  Connection connection(socket);
  if (::connect(socket, place.ai_addr, place.ai_addrlen) == 0) return connection;
  if (errno != EINPROGRESS) return Io(Reason(errno));
  pollfd waiting = {socket, POLLOUT, 0};
  const int ready = ::poll(&waiting, 1, timeout_ms);
  if (ready == 0) return Io("no answer in " + std::to_string(timeout_ms) + " ms");
  int error = 0;
  socklen_t size = sizeof(error);
  if (ready < 0 || ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return Io(Reason(error));
  return connection;
}

}  // namespace

Result<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0) {
    address.host = text.substr(0, colon);
    const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
    const char* begin = text.data() + colon + 1;
    const char* end = text.data() + text.size();
    const auto [parsed, failure] = std::from_chars(begin, end, address.port);
    const bool plain = bracketed || address.host.find(':') == std::string::npos;
    if (plain && failure == std::errc() && parsed == end && address.port >= 1 && address.port <= 65535) return address;
  }
  return Error(ErrorCode::kInvalidInput, "'" + text + "' is no address; expected HOST:PORT");
}

Connection::Connection(int socket) : socket_(socket) {
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // an answer is waited for
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
}
Connection::Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    Close();
    socket_ = std::exchange(other.socket_, -1);
  }
  return *this;
}
Connection::~Connection() { Close(); }

void Connection::Close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Connection::Shutdown() const {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

Result<Connection> Connection::Connect(const Address& address, int timeout_ms) {
  const std::string doing = "cannot reach " + address.host + ":" + std::to_string(address.port);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (rc != 0) return Io(doing + ": " + ::gai_strerror(rc));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Result<Connection> connection = Io("it has no address");
  for (const addrinfo* place = found; place != nullptr && !connection.ok(); place = place->ai_next) {
    connection = Try(*place, timeout_ms);
  }
  if (!connection.ok()) return std::move(connection).TakeError().Within(doing);
  return connection;
}

Status Connection::Wait(short events, int timeout_ms) const {
  for (;;) {
    pollfd waiting = {socket_, events, 0};
    const int ready = ::poll(&waiting, 1, timeout_ms);
    if (ready > 0) return {};
    if (ready == 0) return Io("nothing came or went for " + std::to_string(timeout_ms) + " ms");
    if (errno != EINTR) return Io(Reason(errno));
  }
}

Status Connection::SendAll(std::span<const uint8_t> bytes, int timeout_ms) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      RETURN_IF_ERROR(Wait(POLLOUT, timeout_ms));
    } else if (errno != EINTR) {
      return Io(Reason(errno));
    }
  }
  return {};
}

Status Connection::Send(Type type, std::span<const uint8_t> payload, int timeout_ms) {
  if (!is_open()) return Io("not connected");
  RETURN_IF_ERROR(SendAll(EncodeHeader({type, payload.size()}), timeout_ms));
  return SendAll(payload, timeout_ms);
}

Status Connection::ReceiveAll(std::span<uint8_t> bytes, int begin_ms, int timeout_ms, size_t& got) {
  got = 0;
  while (got < bytes.size()) {
    const ssize_t n = ::recv(socket_, bytes.data() + got, bytes.size() - got, 0);
    if (n > 0) {
      got += static_cast<size_t>(n);
    } else if (n == 0) {
      return Error(ErrorCode::kEndOfStream, "the other side closed the connection");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      RETURN_IF_ERROR(Wait(POLLIN, got == 0 ? begin_ms : timeout_ms));
    } else if (errno != EINTR) {
      return Io(Reason(errno));
    }
  }
  return {};
}

Result<Type> Connection::Receive(std::vector<uint8_t>& payload, int begin_ms, int timeout_ms) {
  if (!is_open()) return Io("not connected");
  std::array<uint8_t, kHeaderBytes> header_bytes;
  size_t got = 0;
  Status status = ReceiveAll(header_bytes, begin_ms, timeout_ms, got);
  Header header;
  if (status.ok()) {
    ASSIGN_OR_RETURN(header, ParseHeader(header_bytes));
    payload.resize(header.payload_bytes);
    status = ReceiveAll(payload, timeout_ms, timeout_ms, got);
    got += kHeaderBytes;
  }
  if (status.ok()) return header.type;
  if (got == 0) return std::move(status).TakeError();
  return Io("lost in the middle of a message, after " + std::to_string(got) + " of " +
            std::to_string(kHeaderBytes + header.payload_bytes) + " bytes: " + status.error().message());
}

}  // namespace lips::remote
