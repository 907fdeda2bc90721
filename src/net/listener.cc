#include "net/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace lips {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(100);

class TcpListener : public Listener, public std::enable_shared_from_this<TcpListener> {
 public:
  TcpListener(Loop& loop, tcp::acceptor acceptor, Accepted accepted)
      : acceptor_(std::move(acceptor)), accepted_(std::move(accepted)), pause_(loop) {}

  int port() const override {
    boost::system::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void Next() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
      self->Take(error, std::move(socket));
    });
  }

  void Close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.Cancel();
  }

 private:
  void Take(const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      boost::system::error_code gone;
      const auto peer = socket.remote_endpoint(gone);
      const int fd = gone ? -1 : static_cast<int>(socket.release(gone));
      if (fd >= 0) accepted_(Socket(fd, peer.address().to_string()));
      return Next();
    }
    const bool lacking = error == asio::error::no_descriptors || error == asio::error::no_memory ||
                         error == asio::error::no_buffer_space || error.value() == ENFILE;
    if (!lacking) return Next();  // that one connection failed
    pause_.After(kPauseWithoutDescriptors, [self = shared_from_this()] { self->Next(); });
  }

  tcp::acceptor acceptor_;
  Accepted accepted_;
  Timer pause_;
};

// What the owner holds; the listener itself lives until its last callback has run.
class OwnedListener : public Listener {
 public:
  explicit OwnedListener(std::shared_ptr<TcpListener> listener) : listener_(std::move(listener)) {}
  ~OwnedListener() override { listener_->Close(); }
  int port() const override { return listener_->port(); }

 private:
  std::shared_ptr<TcpListener> listener_;
};

// Tries the addresses one after the other until one answers or time is up.
class Connector : public std::enable_shared_from_this<Connector> {
 public:
  Connector(Loop& loop, std::string name, Once<void(Result<Socket>)> done)
      : resolver_(loop.context()),
        socket_(loop.context()),
        limit_(loop),
        name_(std::move(name)),
        done_(std::move(done)) {}

  void Start(const std::string& host, int port, std::chrono::milliseconds limit) {
    limit_.After(limit, [self = shared_from_this()] {
      self->late_ = true;
      self->resolver_.cancel();
      boost::system::error_code ignored;
      self->socket_.close(ignored);
      self->Fail("no answer in time");
    });
    resolver_.async_resolve(host, std::to_string(port),
                            [self = shared_from_this()](const boost::system::error_code& error, auto found) {
                              if (error) return self->Fail(error.message());
                              self->Try(found.begin());
                            });
  }

 private:
  using Place = tcp::resolver::results_type::iterator;

  void Try(Place place) {
    boost::system::error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(place->endpoint(),
                          [self = shared_from_this(), place](const boost::system::error_code& error) {
                            if (self->late_) return;
                            if (!error) return self->Succeed();
                            if (std::next(place) == Place()) return self->Fail(error.message());
                            self->Try(std::next(place));
                          });
  }

  void Succeed() {
    limit_.Cancel();
    boost::system::error_code error;
    const auto peer = socket_.remote_endpoint(error);
    const int fd = error ? -1 : static_cast<int>(socket_.release(error));
    if (fd < 0) return Fail(error.message());
    if (done_) done_(Socket(fd, peer.address().to_string()));
  }

  void Fail(const std::string& why) {
    limit_.Cancel();
    if (done_) done_(Error(ErrorCode::kIo, "cannot connect to " + name_ + ": " + why));
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  Timer limit_;
  std::string name_;
  Once<void(Result<Socket>)> done_;
  bool late_ = false;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::Open(Loop& loop, const std::string& address, int port, Accepted accepted) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return Error(ErrorCode::kInvalidInput, "'" + address + "' is no numeric address such as 127.0.0.1");
  const tcp::endpoint endpoint(ip, static_cast<uint16_t>(port));
  tcp::acceptor acceptor(loop.context());
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error(ErrorCode::kIo,
                 "cannot listen on " + address + " port " + std::to_string(port) + ": " + error.message());
  }
  auto listener = std::make_shared<TcpListener>(loop, std::move(acceptor), std::move(accepted));
  listener->Next();
  return std::unique_ptr<Listener>(std::make_unique<OwnedListener>(std::move(listener)));
}

bool IsLoopback(const std::string& address) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return false;
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).is_loopback();
  }
  return ip.is_loopback();
}

void Connect(Loop& loop, const std::string& host, int port, std::chrono::milliseconds limit,
             Once<void(Result<Socket>)> done) {
  std::make_shared<Connector>(loop, host + " port " + std::to_string(port), std::move(done))->Start(host, port, limit);
}

}  // namespace lips
