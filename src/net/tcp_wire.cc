#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/socket_error.h"
#include "net/wire.h"

namespace lips {

namespace asio = boost::asio;
using asio::ip::tcp;

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), peer_(std::move(other.peer_)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(peer_, other.peer_);
  return *this;
}
Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}
int Socket::Release() { return std::exchange(fd_, -1); }

namespace {

class TcpWire : public Wire {
  static auto Then(WireDone done) {
    return [done = std::move(done)](const boost::system::error_code& error, size_t bytes) mutable {
      done(EndOf(error), bytes);
    };
  }

 public:
  explicit TcpWire(tcp::socket socket) : socket_(std::move(socket)) {}

  void ReadSome(std::span<uint8_t> into, WireDone done) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), Then(std::move(done)));
  }

  void WriteSome(std::span<const std::span<const uint8_t>> pieces, WireDone done) override {
    std::array<asio::const_buffer, 8> buffers;
    for (size_t i = 0; i < std::min(pieces.size(), buffers.size()); ++i) {
      buffers[i] = asio::const_buffer(pieces[i].data(), pieces[i].size());
    }
    socket_.async_write_some(buffers, Then(std::move(done)));
  }

  void Finish(WireDone done) override {
    boost::system::error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    asio::post(socket_.get_executor(), [error, done = std::move(done)]() mutable { done(EndOf(error), 0); });
  }

  void Close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

struct WriteAllStep {
  Wire* wire;
  std::span<const uint8_t> rest;
  size_t written;
  WireDone done;

  void operator()(WireEnd end, size_t bytes) {
    written += bytes;
    rest = rest.subspan(bytes);
    if (end != WireEnd::kOk || rest.empty()) return done(end, written);
    const std::span<const uint8_t> piece = rest;
    Wire& to = *wire;
    to.WriteSome({&piece, 1}, WireDone(std::move(*this)));
  }
};

}  // namespace

std::unique_ptr<Wire> MakeTcpWire(Loop& loop, Socket socket) {
  tcp::socket own(loop.context());
  boost::system::error_code error;
  const int fd = socket.Release();
  own.assign(tcp::v4(), fd, error);  // the family matters to none of what follows
  if (error) {
    ::close(fd);
    return nullptr;
  }
  own.set_option(tcp::no_delay(true), error);  // not every carrier has it
  return std::make_unique<TcpWire>(std::move(own));
}

void WriteAll(Wire& wire, std::span<const uint8_t> bytes, WireDone done) {
  wire.WriteSome({&bytes, 1}, WireDone(WriteAllStep{&wire, bytes, 0, std::move(done)}));
}

}  // namespace lips
