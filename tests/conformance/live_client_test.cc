// The C++ client against the conformance fixture: a server that says all of it, and a client that must pass it on.
#include "client/live_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "net/http_parser.h"
#include "net/listener.h"
#include "net/web_socket.h"

namespace lips {
namespace {

std::vector<uint8_t> BytesOf(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

struct Message {
  bool text = true;
  std::string bytes;
};

// Lets one client in, says what it was given, and closes with a code.
class ScriptedServer {
 public:
  ScriptedServer(Loop& loop, std::vector<Message> script, uint16_t code)
      : loop_(loop), script_(std::move(script)), code_(code) {
    auto listener = Listener::Open(loop, "127.0.0.1", 0, [this](Socket socket) {
      wire_ = MakeTcpWire(loop_, std::move(socket));
      Read();
    });
    EXPECT_TRUE(listener.ok());
    if (listener.ok()) listener_ = std::move(listener).value();
  }
  int port() const { return listener_->port(); }

 private:
  void Read() {
    wire_->ReadSome(buffer_, WireDone([this](WireEnd end, size_t bytes) {
                      if (end != WireEnd::kOk) return;
                      parser_.Feed(std::span(buffer_).first(bytes));
                      if (!parser_.complete()) return Read();
                      const HttpRequest request = parser_.Take();
                      WebSocket::Accept(loop_, std::move(wire_), request, parser_.TakeRest(), "lipsync.v1", {},
                                        [this](std::unique_ptr<WebSocket> socket) {
                                          socket_ = std::move(socket);
                                          if (socket_) Say();
                                        });
                    }));
  }
  void Say() {
    if (next_ == script_.size()) return socket_->Close(code_, "as the fixture says", [] {});
    Message& message = script_[next_++];
    socket_->Write(message.text, message.bytes, {}, [this](bool ok) {
      if (ok) Say();
    });
  }

  Loop& loop_;
  std::vector<Message> script_;
  const uint16_t code_;
  size_t next_ = 0;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(4096);
  HttpRequestParser parser_{HttpLimits()};
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<WebSocket> socket_;
  std::unique_ptr<Listener> listener_;
};

struct Heard {
  std::vector<std::string> events;
  std::vector<MediaHeader> media;
  std::string why;
  int code = 0;
};

Heard Listen(std::vector<Message> script, uint16_t code) {
  Loop loop;
  ScriptedServer server(loop, std::move(script), code);
  Heard heard;
  LiveClientOptions options;
  options.server.host = "127.0.0.1";
  options.server.port = server.port();
  options.token = "token";  // no POST first
  LiveClient::Handlers handlers;
  handlers.event = [&](const Json& event) { heard.events.push_back(event.Dump(true)); };
  handlers.media = [&](const DecodedMedia& media) { heard.media.push_back(media.header); };
  handlers.ended = [&](const Error& why, uint16_t by) {
    heard.why = why.message();
    heard.code = by;
  };
  LiveClient client(loop, std::move(options), std::move(handlers));
  client.Open();
  for (int i = 0; i < 1000 && heard.code == 0 && heard.why.empty(); ++i) loop.RunFor(std::chrono::milliseconds(10));
  return heard;
}

class LiveClientConformance : public testing::Test {
 protected:
  void SetUp() override {
    const Result<std::string> text = ReadTextFile(LIPSTREAM_CONFORMANCE_FIXTURE);
    ASSERT_TRUE(text.ok()) << text.error().message();
    auto json = ParseJson(text.value());
    ASSERT_TRUE(json.ok()) << json.error().message();
    fixture = std::move(json).value();
  }
  Json fixture;
};

TEST_F(LiveClientConformance, PassesOnAllThatAServerSays) {
  std::vector<Message> script;
  std::vector<std::string> events;
  for (const Json& event : fixture.Find("server_events")->array()) {
    events.push_back(event.Dump(true));
    script.push_back({true, events.back()});
  }
  for (const Json& one : fixture.Find("media")->array()) {
    const std::vector<uint8_t> bytes = BytesOf(one.Find("hex")->as_string());
    script.push_back({false, std::string(bytes.begin(), bytes.end())});
  }
  const size_t media = script.size() - events.size();
  const Heard heard = Listen(std::move(script), 1000);
  EXPECT_EQ(heard.events, events);
  ASSERT_EQ(heard.media.size(), media);
  for (size_t i = 0; i < media; ++i) {
    const Json& header = *fixture.Find("media")->array()[i].Find("header");
    EXPECT_EQ(heard.media[i].pts_us, header.Find("pts_us")->as_int());
    EXPECT_EQ(heard.media[i].flags, header.Find("flags")->as_int());
    EXPECT_EQ(heard.media[i].template_frame, header.Find("template_frame")->as_int());
  }
  EXPECT_EQ(heard.code, 1000);
}

TEST_F(LiveClientConformance, TellsWithWhichCodeItWasClosed) {
  const std::string created = fixture.Find("server_events")->array().front().Dump(true);
  for (const auto& [name, code] : fixture.Find("close_codes")->members()) {
    const Heard heard = Listen({{true, created}}, static_cast<uint16_t>(code.as_int()));
    EXPECT_EQ(heard.code, code.as_int()) << name;
    EXPECT_NE(heard.why.find("as the fixture says"), std::string::npos) << name << ": " << heard.why;
  }
}

TEST_F(LiveClientConformance, EndsAtAMessageThatIsNone) {
  const std::string created = fixture.Find("server_events")->array().front().Dump(true);
  for (const Json& one : fixture.Find("bad_media")->array()) {
    const std::vector<uint8_t> bytes = BytesOf(one.Find("hex")->as_string());
    const Heard heard = Listen({{true, created}, {false, std::string(bytes.begin(), bytes.end())}}, 1000);
    EXPECT_TRUE(heard.media.empty());
    EXPECT_EQ(heard.code, 0) << one.Find("name")->as_string() << ": it was not the server that ended it";
  }
}

}  // namespace
}  // namespace lips
