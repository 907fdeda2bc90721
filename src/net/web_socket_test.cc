#include "net/web_socket.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "net/http_parser.h"
#include "net/test_wires.h"

namespace lips {
namespace {

template <typename Condition>
bool RunUntil(Loop& loop, const Condition& done) {
  for (int i = 0; i < 500 && !done(); ++i) loop.RunFor(std::chrono::milliseconds(10));
  return done();
}

// Reads everything until the end.
struct Reader {
  void Follow(WebSocket& from) {
    from.Read([this, &from](WebSocket::Incoming incoming) {
      if (incoming.ended) {
        end = incoming.end;
        return;
      }
      messages.push_back((incoming.message.text ? "T:" : "B:") +
                         std::string(incoming.message.bytes.begin(), incoming.message.bytes.end()));
      Follow(from);
    });
  }
  std::vector<std::string> messages;
  std::optional<WebSocketEnd> end;
};

class WebSocketTest : public ::testing::Test {
 protected:
  // A server whose client is played by hand: what it writes goes out as raw bytes.
  void AcceptRaw(WebSocketLimits limits = {}) {
    auto [near, far] = WirePair(loop_);
    far_ = std::move(far);
    HttpRequest request;
    request.method = "GET";
    request.target = "/";
    request.headers = {{"Host", "x"},
                       {"Connection", "Upgrade"},
                       {"Upgrade", "websocket"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"Sec-WebSocket-Protocol", "lipsync.v1"},
                       {"Sec-WebSocket-Extensions", "permessage-deflate"}};
    bool done = false;
    WebSocket::Accept(loop_, std::move(near), request, {}, "lipsync.v1", limits,
                      [&](std::unique_ptr<WebSocket> socket) {
                        server_ = std::move(socket);
                        done = true;
                      });
    ASSERT_TRUE(RunUntil(loop_, [&] { return done; }));
    ASSERT_TRUE(server_);
    from_client_.Follow(*server_);
    Listen();
  }

  // Goodbyes under way end before the loop does.
  void TearDown() override {
    if (far_) far_->Close();
    loop_.RunFor(std::chrono::milliseconds(20));
    server_.reset();
    loop_.RunFor(std::chrono::milliseconds(20));
  }

  void Listen() {
    far_->ReadSome(buffer_, WireDone([this](WireEnd end, size_t bytes) {
                     if (end != WireEnd::kOk) {
                       far_ended_ = true;
                       return;
                     }
                     heard_.append(reinterpret_cast<const char*>(buffer_.data()), bytes);
                     Listen();
                   }));
  }

  void Send(const std::string& bytes) {
    sent_.push_back(std::make_unique<std::string>(bytes));
    WriteAll(*far_, {reinterpret_cast<const uint8_t*>(sent_.back()->data()), sent_.back()->size()},
             WireDone([](WireEnd, size_t) {}));
    loop_.RunFor(std::chrono::milliseconds(5));
  }

  // A frame as clients send it, masked with zeros.
  static std::string Frame(uint8_t first, const std::string& payload, std::optional<uint64_t> claimed = {}) {
    const uint64_t length = claimed.value_or(payload.size());
    std::string frame(1, static_cast<char>(first));
    if (length < 126) {
      frame += static_cast<char>(0x80 | length);
    } else if (length < 65536) {
      frame += static_cast<char>(0x80 | 126);
      for (int shift = 8; shift >= 0; shift -= 8) frame += static_cast<char>(length >> shift);
    } else {
      frame += static_cast<char>(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(length >> shift);
    }
    return frame + std::string(4, '\0') + payload;
  }

  // The code in the close frame we sent, 0 when there was none.
  int CloseCodeHeard() const {
    const size_t at = heard_.rfind('\x88');
    if (at == std::string::npos || at + 4 > heard_.size()) return 0;
    return static_cast<uint8_t>(heard_[at + 2]) * 256 + static_cast<uint8_t>(heard_[at + 3]);
  }

  int EndOf(const std::string& bytes, WebSocketLimits limits = {}) {
    AcceptRaw(limits);
    Send(bytes);
    RunUntil(loop_, [&] { return from_client_.end && CloseCodeHeard() != 0; });
    EXPECT_TRUE(from_client_.end.has_value());
    return CloseCodeHeard();
  }

  Loop loop_;
  std::unique_ptr<Wire> far_;
  std::unique_ptr<WebSocket> server_;
  Reader from_client_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(4096);
  std::vector<std::unique_ptr<std::string>> sent_;
  std::string heard_;
  bool far_ended_ = false;
};

constexpr uint8_t kText = 0x81, kBinary = 0x82, kClose = 0x88, kPing = 0x89, kFirstText = 0x01, kMore = 0x00,
                  kLast = 0x80;

TEST_F(WebSocketTest, AgreesToTheProtocolAndToNoCompression) {
  AcceptRaw();
  EXPECT_TRUE(RunUntil(loop_, [&] { return heard_.find("\r\n\r\n") != std::string::npos; }));
  EXPECT_NE(heard_.find("101"), std::string::npos);
  EXPECT_NE(heard_.find("Sec-WebSocket-Protocol: lipsync.v1\r\n"), std::string::npos);
  EXPECT_EQ(heard_.find("deflate"), std::string::npos);
}

TEST_F(WebSocketTest, JoinsFragmentsOfOneByte) {
  AcceptRaw();
  std::string bytes = Frame(kFirstText, "h");
  for (const char* letter : {"e", "l", "l"}) bytes += Frame(kMore, letter);
  bytes += Frame(kPing, "?");  // control frames may come in between
  bytes += Frame(kLast, "o") + Frame(kBinary, "abc");
  for (const char byte : bytes) Send({byte});
  EXPECT_TRUE(RunUntil(loop_, [&] { return from_client_.messages.size() == 2; }));
  EXPECT_EQ(from_client_.messages, (std::vector<std::string>{"T:hello", "B:abc"}));
  EXPECT_NE(heard_.find("\x8a\x01?"), std::string::npos);  // the pong
}

TEST_F(WebSocketTest, EndsTooBigMessagesWith1009) {
  WebSocketLimits limits;
  limits.text_bytes = 10;
  limits.binary_bytes = 1000;
  EXPECT_EQ(EndOf(Frame(kText, std::string(11, 'a')), limits), 1009);
  EXPECT_EQ(from_client_.end->code, 1009);
  EXPECT_FALSE(from_client_.end->by_peer);
}

TEST_F(WebSocketTest, BelievesNoLength) {
  WebSocketLimits limits;
  limits.binary_bytes = 1000;
  EXPECT_EQ(EndOf(Frame(kBinary, "a", uint64_t{1} << 62), limits), 1009);
}

TEST_F(WebSocketTest, FragmentsCannotSumUpToMore) {
  WebSocketLimits limits;
  limits.text_bytes = limits.binary_bytes = 100;
  std::string bytes = Frame(kFirstText, std::string(60, 'a'));
  for (int i = 0; i < 3; ++i) bytes += Frame(kMore, std::string(60, 'a'));
  EXPECT_EQ(EndOf(bytes, limits), 1009);
}

TEST_F(WebSocketTest, EndsBadTextWith1007) { EXPECT_EQ(EndOf(Frame(kText, "\xc3\x28")), 1007); }
TEST_F(WebSocketTest, EndsUnmaskedFramesWith1002) { EXPECT_EQ(EndOf(std::string("\x82\x01") + "a"), 1002); }
TEST_F(WebSocketTest, EndsFragmentedControlFramesWith1002) { EXPECT_EQ(EndOf(Frame(0x09, "a")), 1002); }
TEST_F(WebSocketTest, EndsReservedBitsWith1002) { EXPECT_EQ(EndOf(Frame(0xC2, "a")), 1002); }
TEST_F(WebSocketTest, EndsUnknownOpcodesWith1002) { EXPECT_EQ(EndOf(Frame(0x83, "a")), 1002); }

TEST_F(WebSocketTest, TellsHowTheClientEnded) {
  AcceptRaw();
  Send(Frame(kClose, std::string("\x03\xe9", 2) + "bye"));
  EXPECT_TRUE(RunUntil(loop_, [&] { return from_client_.end.has_value(); }));
  EXPECT_EQ(from_client_.end->code, 1001);
  EXPECT_EQ(from_client_.end->reason, "bye");
  EXPECT_TRUE(from_client_.end->by_peer);
}

TEST_F(WebSocketTest, AVanishedClientEndsAbnormally) {
  AcceptRaw();
  far_->Close();
  EXPECT_TRUE(RunUntil(loop_, [&] { return from_client_.end.has_value(); }));
  EXPECT_EQ(from_client_.end->code, kCloseAbnormal);
}

TEST_F(WebSocketTest, ASilentClientIsPingedThenDropped) {
  WebSocketLimits limits;
  limits.silence = std::chrono::milliseconds(100);
  AcceptRaw(limits);
  EXPECT_TRUE(RunUntil(loop_, [&] { return from_client_.end.has_value(); }));
  EXPECT_NE(heard_.find('\x89'), std::string::npos);  // it was asked
  EXPECT_EQ(from_client_.end->code, kCloseAbnormal);
}

TEST_F(WebSocketTest, WhoAnswersPingsMayBeSilent) {
  WebSocketLimits limits;
  limits.silence = std::chrono::milliseconds(100);
  AcceptRaw(limits);
  for (int i = 0; i < 10; ++i) {
    Send(Frame(0x8A, ""));
    loop_.RunFor(std::chrono::milliseconds(30));
  }
  EXPECT_FALSE(from_client_.end.has_value());
}

TEST_F(WebSocketTest, AClientThatTakesNothingIsDropped) {
  WebSocketLimits limits;
  limits.write = std::chrono::milliseconds(100);
  auto [near, far] = WirePair(loop_);
  HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.headers = {{"Host", "x"},
                     {"Connection", "Upgrade"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  WebSocket::Accept(loop_, std::move(near), request, {}, "p", limits,
                    [&](auto socket) { server_ = std::move(socket); });
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_ != nullptr; }));
  std::optional<bool> written;
  server_->Write(false, std::string(8 << 20, 'x'), {}, [&](bool ok) { written = ok; });
  EXPECT_TRUE(RunUntil(loop_, [&] { return written.has_value(); }));
  EXPECT_FALSE(*written);
}

TEST_F(WebSocketTest, ServerAndClientTalk) {
  auto pair = WirePair(loop_);
  std::unique_ptr<Wire> near = std::move(pair.first);
  // The server's side reads the request as the HTTP connection would.
  HttpRequestParser parser{HttpLimits()};
  std::vector<uint8_t> buffer(4096);
  Wire* raw = near.get();
  std::function<void()> read = [&] {
    raw->ReadSome(buffer, WireDone([&](WireEnd, size_t bytes) {
                    parser.Feed(std::span(buffer).first(bytes));
                    if (!parser.complete()) return read();
                    WebSocket::Accept(loop_, std::move(near), parser.Take(), parser.TakeRest(), "lipsync.v1", {},
                                      [&](auto socket) { server_ = std::move(socket); });
                  }));
  };
  read();
  std::unique_ptr<WebSocket> client;
  WebSocket::Request(loop_, std::move(pair.second), "localhost", "/v1/stream",
                     {{"Sec-WebSocket-Protocol", "lipsync.v1"}}, {},
                     [&](auto socket, auto) { client = std::move(socket); });
  ASSERT_TRUE(RunUntil(loop_, [&] { return server_ && client; }));
  Reader from_server;
  from_server.Follow(*client);
  from_client_.Follow(*server_);
  server_->Write(false, "head", TextBody("payload"), [](bool ok) { EXPECT_TRUE(ok); });
  client->Write(true, "hello", {}, [](bool ok) { EXPECT_TRUE(ok); });
  EXPECT_TRUE(RunUntil(loop_, [&] { return !from_server.messages.empty() && !from_client_.messages.empty(); }));
  EXPECT_EQ(from_server.messages.front(), "B:headpayload");
  EXPECT_EQ(from_client_.messages.front(), "T:hello");
  bool closed = false;
  server_->Close(4410, "time limit", [&] { closed = true; });
  EXPECT_TRUE(RunUntil(loop_, [&] { return closed && from_server.end; }));
  EXPECT_EQ(from_server.end->code, 4410);
  EXPECT_EQ(from_server.end->reason, "time limit");
}

TEST_F(WebSocketTest, ARefusalBringsTheServersAnswer) {
  auto [near, far] = WirePair(loop_);
  std::unique_ptr<WebSocket::Refusal> refusal;
  WebSocket::Request(loop_, std::move(far), "localhost", "/", {}, {},
                     [&](auto, auto why) { refusal = std::move(why); });
  const std::string answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nbody";
  WriteAll(*near, {reinterpret_cast<const uint8_t*>(answer.data()), answer.size()}, WireDone([](WireEnd, size_t) {}));
  EXPECT_TRUE(RunUntil(loop_, [&] { return refusal != nullptr; }));
  EXPECT_EQ(refusal->response.status, 401);
  EXPECT_EQ(refusal->response.text(), "body");
}

}  // namespace
}  // namespace lips
