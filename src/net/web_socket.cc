#include "net/web_socket.h"

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <type_traits>

namespace lips {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto kGoodbyeLimit = std::chrono::seconds(2);
constexpr size_t kReadChunk = 64 << 10;
constexpr size_t kMaxReason = 123;  // a control frame has 125 bytes, two of them the code

error_code CodeOf(WireEnd end) {
  switch (end) {
    case WireEnd::kOk: return {};
    case WireEnd::kEnded: return asio::error::eof;
    case WireEnd::kClosed: return asio::error::operation_aborted;
    case WireEnd::kFailed: break;
  }
  return asio::error::connection_reset;
}

// A wire as Beast wants its streams.
class WireStream {
 public:
  using executor_type = asio::io_context::executor_type;

  WireStream(Loop& loop, std::unique_ptr<Wire> wire, std::vector<uint8_t> first)
      : executor_(loop.context().get_executor()), wire_(std::move(wire)), first_(std::move(first)) {}

  executor_type get_executor() const { return executor_; }
  Wire& wire() { return *wire_; }
  int64_t read_bytes() const { return *read_bytes_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, const Buffers& into) { this->Read(into, std::move(handler)); }, token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, const Buffers& from) { this->Write(from, std::move(handler)); }, token, buffers);
  }

 private:
  template <typename Buffers, typename Handler>
  void Read(const Buffers& buffers, Handler handler) {
    std::span<uint8_t> into;
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::mutable_buffer buffer = *it;
      if (buffer.size() == 0) continue;
      into = {static_cast<uint8_t*>(buffer.data()), buffer.size()};
      break;
    }
    if (into.empty() || !first_.empty()) {
      const size_t count = std::min(into.size(), first_.size());
      std::copy_n(first_.begin(), count, into.begin());
      first_.erase(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(count));
      *read_bytes_ += static_cast<int64_t>(count);
      return asio::post(executor_, [handler = std::move(handler), count]() mutable { handler(error_code(), count); });
    }
    wire_->ReadSome(into,
                    WireDone([total = read_bytes_, handler = std::move(handler)](WireEnd end, size_t count) mutable {
                      if (end == WireEnd::kOk) *total += static_cast<int64_t>(count);
                      handler(CodeOf(end), count);
                    }));
  }

  template <typename Buffers, typename Handler>
  void Write(const Buffers& buffers, Handler handler) {
    std::array<std::span<const uint8_t>, 8> pieces;
    size_t count = 0;
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::const_buffer buffer = *it;
      if (buffer.size() == 0) continue;
      pieces[count++] = {static_cast<const uint8_t*>(buffer.data()), buffer.size()};
      if (count == pieces.size()) break;
    }
    if (count == 0) {
      return asio::post(executor_, [handler = std::move(handler)]() mutable { handler(error_code(), 0); });
    }
    wire_->WriteSome(
        std::span(pieces).first(count),
        WireDone([handler = std::move(handler)](WireEnd end, size_t n) mutable { handler(CodeOf(end), n); }));
  }

  executor_type executor_;
  std::unique_ptr<Wire> wire_;
  std::vector<uint8_t> first_;                                          // was read before the upgrade
  std::shared_ptr<int64_t> read_bytes_ = std::make_shared<int64_t>(0);  // outlives us in callbacks
};

// What Beast calls when it is done with a stream, or cannot go on.
void beast_close_socket(WireStream& stream) { stream.wire().Close(); }

template <typename Handler>
void async_teardown(beast::role_type, WireStream& stream, Handler&& handler) {
  stream.wire().Finish(WireDone([handler = std::forward<Handler>(handler)](WireEnd end, size_t) mutable {
    handler(end == WireEnd::kFailed ? CodeOf(end) : error_code());
  }));
}

using Stream = websocket::stream<WireStream, /*deflateSupported=*/false>;

// Lives until its last callback has run; `dropped` once nobody listens any more.
struct State : std::enable_shared_from_this<State> {
  State(Loop& loop, WireStream wire, const WebSocketLimits& the_limits)
      : limits(the_limits), stream(std::move(wire)), patience(loop), silence(loop), goodbye(loop) {
    stream.auto_fragment(false);
    stream.read_message_max(std::max(limits.text_bytes, limits.binary_bytes));
    stream.write_buffer_bytes(kReadChunk);
  }

  void Cut() { stream.next_layer().wire().Close(); }

  void Watch();
  void ReadMore();
  void Deliver(const error_code& error);
  void EndRead(WebSocketEnd how);
  WebSocketEnd EndOf(const error_code& error) const;

  WebSocketLimits limits;
  Stream stream;
  Timer patience;  // with a handshake, then with a write
  Timer silence;
  Timer goodbye;
  Once<void(WebSocket::Incoming)> reader;
  std::vector<uint8_t> message;
  size_t filled = 0;
  std::optional<uint16_t> closing;  // the code we said goodbye with
  std::string closing_reason;
  bool dropped = false;
  int64_t heard = 0;
  bool pinged = false;
};

void State::Watch() {
  silence.After(limits.silence / 2, [self = shared_from_this()] {
    if (self->dropped) return;
    const int64_t total = self->stream.next_layer().read_bytes();
    if (!self->reader || total != self->heard) {  // who is not read cannot be heard
      self->heard = total;
      self->pinged = false;
    } else if (self->pinged) {
      return self->Cut();
    } else {
      self->pinged = true;
      self->stream.async_ping({}, [self](const error_code&) {});
    }
    self->Watch();
  });
}

WebSocketEnd State::EndOf(const error_code& error) const {
  if (closing) return {*closing, closing_reason, false};
  if (error == websocket::error::closed) {
    const auto& reason = stream.reason();
    const auto code = static_cast<uint16_t>(reason.code);
    return {code == 0 ? uint16_t{kCloseNoCode} : code, std::string(reason.reason.data(), reason.reason.size()), true};
  }
  if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
    return {kCloseTooBig, "message too big", false};
  }
  if (error == websocket::error::bad_frame_payload) return {kCloseBadText, "text that is not UTF-8", false};
  if (error == websocket::condition::protocol_violation) return {kCloseProtocolError, error.message(), false};
  return {kCloseAbnormal, error.message(), true};
}

void State::EndRead(WebSocketEnd how) {
  if (!reader) return;
  WebSocket::Incoming incoming;
  incoming.ended = true;
  incoming.end = std::move(how);
  reader(std::move(incoming));
}

// A message's memory grows with what has arrived of it, not with what its frame promises.
void State::ReadMore() {
  message.resize(filled + kReadChunk);
  stream.async_read_some(asio::buffer(message.data() + filled, kReadChunk),
                         [self = shared_from_this()](const error_code& error, size_t bytes) {
                           self->filled += bytes;
                           if (!self->dropped && self->reader) self->Deliver(error);
                         });
}

void State::Deliver(const error_code& error) {
  if (error) return EndRead(EndOf(error));
  if (filled > (stream.got_text() ? limits.text_bytes : limits.binary_bytes)) {
    closing = kCloseTooBig;
    closing_reason = "message too big";
    goodbye.After(kGoodbyeLimit, [self = shared_from_this()] { self->Cut(); });
    stream.async_close({websocket::close_code(kCloseTooBig), "message too big"},
                       [self = shared_from_this()](const error_code&) { self->goodbye.Cancel(); });
    return EndRead({kCloseTooBig, "message too big", false});
  }
  if (!stream.is_message_done()) return ReadMore();
  message.resize(filled);
  filled = 0;
  WebSocket::Incoming incoming;
  incoming.message = {stream.got_text(), std::exchange(message, {})};
  reader(std::move(incoming));
}

class BeastWebSocket : public WebSocket {
 public:
  explicit BeastWebSocket(std::shared_ptr<State> state) : state_(std::move(state)) { state_->Watch(); }

  ~BeastWebSocket() override {
    state_->dropped = true;
    state_->reader = {};
    state_->silence.Cancel();
    state_->patience.Cancel();
    // A goodbye under way finishes, or is cut short by its timer.
    if (!state_->closing) state_->Cut();
  }

  void Read(Once<void(Incoming)> done) override {
    state_->reader = std::move(done);
    state_->ReadMore();
  }

  void Write(bool text, std::string head, OwnedBytes payload, Once<void(bool ok)> done) override {
    struct Held {
      std::string head;
      OwnedBytes payload;
      Once<void(bool ok)> done;
    };
    auto held = std::make_unique<Held>(Held{std::move(head), std::move(payload), std::move(done)});
    const std::array<asio::const_buffer, 2> buffers = {
        asio::const_buffer(held->head.data(), held->head.size()),
        asio::const_buffer(held->payload.bytes.data(), held->payload.bytes.size())};
    state_->stream.text(text);
    state_->patience.After(state_->limits.write, [state = state_] { state->Cut(); });
    state_->stream.async_write(buffers,
                               [state = state_, held = std::move(held)](const error_code& error, size_t) mutable {
                                 if (state->dropped) return;
                                 state->patience.Cancel();
                                 held->done(!error);
                               });
  }

  void Close(uint16_t code, const std::string& reason, Once<void()> done) override {
    if (state_->closing) return;
    state_->closing = code;
    state_->closing_reason = reason.substr(0, kMaxReason);
    state_->goodbye.After(kGoodbyeLimit, [state = state_] { state->Cut(); });
    websocket::close_reason why{websocket::close_code(code)};
    why.reason.assign(state_->closing_reason.data(), state_->closing_reason.size());
    state_->stream.async_close(why, [state = state_, done = std::move(done)](const error_code&) mutable {
      state->goodbye.Cancel();
      if (!state->dropped) done();
    });
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

void WebSocket::Accept(Loop& loop, std::unique_ptr<Wire> wire, const HttpRequest& request, std::vector<uint8_t> rest,
                       const std::string& protocol, const WebSocketLimits& limits, Ready done) {
  auto state = std::make_shared<State>(loop, WireStream(loop, std::move(wire), std::move(rest)), limits);
  http::request<http::empty_body> asked;
  asked.version(11);
  asked.method_string(request.method);
  asked.target(request.target);
  for (const auto& [key, value] : request.headers) asked.insert(key, value);
  state->stream.set_option(websocket::stream_base::decorator([protocol](websocket::response_type& response) {
    response.erase(http::field::server);
    response.set(http::field::sec_websocket_protocol, protocol);
  }));
  state->patience.After(limits.handshake, [state] { state->Cut(); });
  state->stream.async_accept(asked, [state, done = std::move(done)](const error_code& error) mutable {
    state->patience.Cancel();
    done(error ? nullptr : std::make_unique<BeastWebSocket>(std::move(state)));
  });
}

void WebSocket::Request(Loop& loop, std::unique_ptr<Wire> wire, const std::string& host, const std::string& target,
                        const HttpHeaders& headers, const WebSocketLimits& limits, Shaken done) {
  auto state = std::make_shared<State>(loop, WireStream(loop, std::move(wire), {}), limits);
  state->stream.set_option(websocket::stream_base::decorator([headers](websocket::request_type& request) {
    request.erase(http::field::user_agent);
    for (const auto& [key, value] : headers) request.set(key, value);
  }));
  state->patience.After(limits.handshake, [state] { state->Cut(); });
  auto answer = std::make_shared<websocket::response_type>();
  state->stream.async_handshake(
      *answer, host, target, [state, answer, done = std::move(done)](const error_code& error) mutable {
        state->patience.Cancel();
        if (!error) return done(std::make_unique<BeastWebSocket>(std::move(state)), nullptr);
        auto refusal = std::make_unique<Refusal>(Refusal{Error(ErrorCode::kIo, error.message()), {}});
        refusal->response.status =
            error == websocket::error::upgrade_declined ? static_cast<int>(answer->result_int()) : 0;
        for (const auto& field : *answer) {
          refusal->response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        }
        refusal->response.body = TextBody(answer->body());
        done(nullptr, std::move(refusal));
      });
}

}  // namespace lips
