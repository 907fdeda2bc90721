#include "net/tls.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/socket_error.h"

namespace lips {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kGoodbyeLimit = std::chrono::seconds(2);

// Lives until its last callback has run, since Asio's TLS operations go on using it.
struct TlsState {
  TlsState(Loop& the_loop, tcp::socket socket, TlsContext with)
      : loop(the_loop), context(std::move(with)), stream(std::move(socket), *context), limit(the_loop) {}

  void Close() {
    boost::system::error_code ignored;
    stream.next_layer().close(ignored);
  }

  Loop& loop;
  TlsContext context;
  asio::ssl::stream<tcp::socket> stream;
  Timer limit;
};

class TlsWire : public Wire {
  auto Then(WireDone done) {
    return [state = state_, done = std::move(done)](const boost::system::error_code& error, size_t bytes) mutable {
      done(EndOf(error), bytes);
    };
  }

 public:
  explicit TlsWire(std::shared_ptr<TlsState> state) : state_(std::move(state)) {}
  ~TlsWire() override { state_->Close(); }

  void ReadSome(std::span<uint8_t> into, WireDone done) override {
    state_->stream.async_read_some(asio::buffer(into.data(), into.size()), Then(std::move(done)));
  }

  void WriteSome(std::span<const std::span<const uint8_t>> pieces, WireDone done) override {
    std::array<asio::const_buffer, 8> buffers;
    for (size_t i = 0; i < std::min(pieces.size(), buffers.size()); ++i) {
      buffers[i] = asio::const_buffer(pieces[i].data(), pieces[i].size());
    }
    state_->stream.async_write_some(buffers, Then(std::move(done)));
  }

  void Finish(WireDone done) override {
    state_->limit.After(kGoodbyeLimit, [state = state_] { state->Close(); });
    state_->stream.async_shutdown(
        [state = state_, done = std::move(done)](const boost::system::error_code& error) mutable {
          state->limit.Cancel();
          done(EndOf(error), 0);
        });
  }

  void Close() override { state_->Close(); }

 private:
  std::shared_ptr<TlsState> state_;
};

std::shared_ptr<TlsState> MakeState(Loop& loop, Socket socket, TlsContext context) {
  tcp::socket own(loop.context());
  boost::system::error_code error;
  const int fd = socket.Release();
  own.assign(tcp::v4(), fd, error);
  if (error) {
    ::close(fd);
    return nullptr;
  }
  own.set_option(tcp::no_delay(true), error);
  return std::make_shared<TlsState>(loop, std::move(own), std::move(context));
}

void ShakeHands(const std::shared_ptr<TlsState>& state, asio::ssl::stream_base::handshake_type side,
                std::chrono::milliseconds limit, WireReady done) {
  state->limit.After(limit, [state] { state->Close(); });
  state->stream.async_handshake(side, [state, done = std::move(done)](const boost::system::error_code& error) mutable {
    state->limit.Cancel();
    if (error) return done(nullptr);
    done(std::make_unique<TlsWire>(std::move(state)));
  });
}

TlsContext NewContext() {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls);
  boost::system::error_code ignored;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                           asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1 | asio::ssl::context::single_dh_use,
                       ignored);
  return context;
}

// PEM text from a file, so that a missing file and a wrong one get different messages.
Result<std::string> ReadPem(const Path& path) { return ReadTextFile(path, size_t{1} << 20); }

Error NotPem(const Path& path, const char* what, const boost::system::error_code& why) {
  return Error(ErrorCode::kInvalidInput, "'" + path.string() + "' holds no " + what + " in PEM form: " + why.message());
}

}  // namespace

Result<TlsContext> LoadTlsServer(const Path& certificate, const Path& key) {
  ASSIGN_OR_RETURN(const std::string certificate_text, ReadPem(certificate));
  ASSIGN_OR_RETURN(const std::string key_text, ReadPem(key));
  TlsContext context = NewContext();
  boost::system::error_code error;
  context->use_certificate_chain(asio::buffer(certificate_text), error);
  if (error) return NotPem(certificate, "certificate", error);
  context->use_private_key(asio::buffer(key_text), asio::ssl::context::pem, error);
  if (error) return NotPem(key, "private key of that certificate", error);
  return context;
}

Result<TlsContext> LoadTlsClient(const std::optional<Path>& authority) {
  TlsContext context = NewContext();
  boost::system::error_code error;
  context->set_verify_mode(asio::ssl::verify_peer, error);
  if (!authority) {
    context->set_default_verify_paths(error);
    return context;
  }
  ASSIGN_OR_RETURN(const std::string text, ReadPem(*authority));
  context->add_certificate_authority(asio::buffer(text), error);
  if (error) return NotPem(*authority, "certificate", error);
  return context;
}

void AcceptTls(Loop& loop, Socket socket, TlsContext context, std::chrono::milliseconds limit, WireReady done) {
  const auto state = MakeState(loop, std::move(socket), std::move(context));
  if (!state) return done(nullptr);
  ShakeHands(state, asio::ssl::stream_base::server, limit, std::move(done));
}

void ConnectTls(Loop& loop, Socket socket, TlsContext context, const std::string& server_name,
                std::chrono::milliseconds limit, WireReady done) {
  const auto state = MakeState(loop, std::move(socket), std::move(context));
  if (!state) return done(nullptr);
  boost::system::error_code ignored;
  state->stream.set_verify_callback(asio::ssl::host_name_verification(server_name), ignored);
  ::SSL_set_tlsext_host_name(state->stream.native_handle(), server_name.c_str());
  ShakeHands(state, asio::ssl::stream_base::client, limit, std::move(done));
}

}  // namespace lips
