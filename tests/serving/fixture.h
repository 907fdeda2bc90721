// A server in the test's own process, on a free port of this machine, and clients that behave well or badly.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/hmac.h"
#include "base/json.h"
#include "base/stop.h"
#include "client/live_client.h"
#include "client/server_address.h"
#include "fake_host.h"
#include "net/listener.h"
#include "server/server.h"
#include "server/token.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::serving {

inline constexpr auto kSoon = std::chrono::seconds(10);

// A bare connection: bytes out, bytes in.
class RawConnection {
 public:
  explicit RawConnection(int port) {
    ServerAddress server;
    server.host = "127.0.0.1";
    server.port = port;
    OpenWire(loop_, server, kSoon, [this](Result<std::unique_ptr<Wire>> wire) {
      if (wire.ok()) wire_ = std::move(wire).value();
      ended_ = !wire_;
      if (wire_) Read();
    });
    Wait([this] { return wire_ || ended_; });
  }

  void Send(const std::string& text) {
    sent_.push_back(std::make_unique<std::string>(text));
    const auto& kept = *sent_.back();
    WriteAll(*wire_, {reinterpret_cast<const uint8_t*>(kept.data()), kept.size()}, WireDone([](WireEnd, size_t) {}));
    loop_.RunFor(std::chrono::milliseconds(1));
  }
  // Until `text` has been heard, or the connection or ten seconds end. True when heard.
  bool Hears(const std::string& text) {
    Wait([&] { return heard_.find(text) != std::string::npos || ended_; });
    return heard_.find(text) != std::string::npos;
  }
  bool Ends() {
    Wait([this] { return ended_; });
    return ended_;
  }
  void RunFor(std::chrono::milliseconds time) { loop_.RunFor(time); }
  void Vanish() { wire_->Close(); }
  const std::string& heard() const { return heard_; }
  bool ended() const { return ended_; }

 private:
  void Read() {
    wire_->ReadSome(buffer_, WireDone([this](WireEnd end, size_t bytes) {
                      if (end != WireEnd::kOk) {
                        ended_ = true;
                        return;
                      }
                      heard_.append(reinterpret_cast<const char*>(buffer_.data()), bytes);
                      Read();
                    }));
  }
  template <typename Condition>
  void Wait(const Condition& done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop_.RunFor(std::chrono::milliseconds(10));
  }

  Loop loop_;
  std::unique_ptr<Wire> wire_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(64 << 10);
  std::vector<std::unique_ptr<std::string>> sent_;
  std::string heard_;
  bool ended_ = false;
};

// A live client with its loop; remembers what came.
class TalkingClient {
 public:
  explicit TalkingClient(LiveClientOptions options) {
    LiveClient::Handlers handlers;
    handlers.event = [this](const Json& event) { events.push_back(event); };
    handlers.media = [this](const DecodedMedia& media) {
      ++media_messages;
      media_bytes += media.payload.size();
    };
    handlers.ended = [this](const Error& why, uint16_t code) {
      ended = why.message();
      close_code = code;
    };
    client.emplace(loop, std::move(options), std::move(handlers));
    client->Open();
  }

  template <typename Condition>
  bool Wait(const Condition& done) {
    for (int i = 0; i < 1000 && !done(); ++i) loop.RunFor(std::chrono::milliseconds(10));
    return done();
  }
  // The last event of that type; null when none came before the end or ten seconds.
  Json Event(const std::string& type) {
    const auto find = [&]() -> const Json* {
      for (auto it = events.rbegin(); it != events.rend(); ++it) {
        if (it->Find("type")->as_string() == type) return &*it;
      }
      return nullptr;
    };
    Wait([&] { return find() != nullptr || ended; });
    const Json* event = find();
    return event != nullptr ? *event : Json();
  }
  bool Created() { return !Event("session.created").is_null(); }
  bool Ended() {
    return Wait([this] { return ended.has_value(); });
  }

  Loop loop;
  std::vector<Json> events;
  int64_t media_messages = 0;
  size_t media_bytes = 0;
  std::optional<std::string> ended;
  int close_code = 0;
  std::optional<LiveClient> client;
};

class Serving : public ::testing::Test {
 protected:
  Serving() {
    std::filesystem::create_directories(folder_);
    // The background video of the synthetic avatar goes where test runs share it.
    ::setenv("XDG_CACHE_HOME", (testdata::SyntheticAvatar().parent_path() / "serving_cache").c_str(), 1);
    settings_.avatars = {testdata::SyntheticAvatar().string()};
    settings_.port = 0;
    settings_.connect_rate = 0;
    options_.max_connections = 100;
  }
  ~Serving() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  // Starts the server and waits until its avatar is ready.
  void Start(bool wait = true) {
    options_.settings = settings_;
    auto opened = Server::Open(options_, host_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    server_ = std::move(opened).value();
    address_.host = "127.0.0.1";
    address_.port = server_->port();
    thread_ = std::thread([this] {
      server_->Run(&stop_);
      ran_ = true;
    });
    if (!wait) return;
    for (int i = 0; i < 3000 && Get("/readyz").status != 200; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(Get("/readyz").status, 200);
  }
  void Stop() {
    if (!thread_.joinable()) return;
    server_->Stop();
    thread_.join();
  }

  std::string Id() const { return testdata::SyntheticAvatar().filename().string(); }

  HttpResponse Ask(const std::string& method, const std::string& target, HttpHeaders headers = {},
                   const std::string& body = {}) {
    FetchRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = body;
    auto answer = FetchNow(address_, request);
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    return answer.ok() ? std::move(answer).value() : HttpResponse{0, {}, {}};
  }
  HttpResponse Get(const std::string& target, HttpHeaders headers = {}) {
    return Ask("GET", target, std::move(headers));
  }
  HttpResponse Post(const std::string& target, const std::string& json, HttpHeaders headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    return Ask("POST", target, std::move(headers), json);
  }
  static std::string CodeOf(const HttpResponse& response) {
    const auto body = ParseJson(response.text());
    const Json* error = body.ok() ? body.value().Find("error") : nullptr;
    return std::to_string(response.status) + " " + (error != nullptr ? error->Find("code")->as_string() : "-");
  }

  // The status and code that an upgrade is refused with; "101" when it is not.
  std::string Upgrade(const std::string& target, const HttpHeaders& more = {},
                      const std::string& protocol = "lipsync.v1") {
    RawConnection raw(address_.port);
    std::string text = "GET " + target +
                       " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!protocol.empty()) text += "Sec-WebSocket-Protocol: " + protocol + "\r\n";
    if (HeaderOf(more, "Host").empty()) text += "Host: localhost\r\n";
    for (const auto& [key, value] : more) text.append(key).append(": ").append(value).append("\r\n");
    raw.Send(text + "\r\n");
    raw.Hears("\r\n\r\n");
    if (raw.heard().starts_with("HTTP/1.1 101")) return "101";
    raw.Hears("request_id");
    HttpResponse response;
    response.status = std::atoi(raw.heard().c_str() + 9);
    response.body = TextBody(raw.heard().substr(std::min(raw.heard().find("\r\n\r\n") + 4, raw.heard().size())));
    return CodeOf(response);
  }

  LiveClientOptions Client() const {
    LiveClientOptions options;
    options.server = address_;
    return options;
  }
  Path Write(const char* name, const std::string& text) const {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, text).ok());
    return folder_ / name;
  }

  const Path folder_ = std::filesystem::temp_directory_path() / ("lipstream_serving_" + RandomName(9));
  ServeSettings settings_;
  ServerOptions options_;
  FakeHost host_;
  StopFlag stop_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::atomic<bool> ran_ = false;
  ServerAddress address_;
};

}  // namespace lips::serving
