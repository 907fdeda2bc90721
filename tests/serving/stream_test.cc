// Sessions over WebSockets: sound in, frames out, every way to end, and clients that misbehave while others speak.
#include "fixture.h"

namespace lips::serving {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A masked frame (with a mask of zeros) whose first byte is `first`.
std::string Frame(uint8_t first, const std::string& payload) {
  std::string frame(1, static_cast<char>(first));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      frame += static_cast<char>(static_cast<uint64_t>(payload.size()) >> shift);
  }
  return frame + std::string(4, '\0') + payload;
}

class ServingStream : public Serving {
 protected:
  static std::vector<int16_t> Sound(size_t samples = 640) { return std::vector<int16_t>(samples, 100); }
  static Json Typed(const char* type) { return Json::Object({{"type", type}}); }

  // Waits, since what happens to a session follows what happens to its connection.
  bool SessionsBecome(size_t count) {
    for (int i = 0; i < 500 && host_.sessions() != count; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return host_.sessions() == count;
  }

  // A client whose frames are written by hand.
  std::unique_ptr<RawConnection> Raw() {
    auto raw = std::make_unique<RawConnection>(address_.port);
    raw->Send(
        "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: lipsync.v1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    EXPECT_TRUE(raw->Hears("session.created"));
    return raw;
  }
  // Whether a close frame with that code was heard.
  static bool HearsClose(RawConnection& raw, int code) {
    return raw.Hears(std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
  }
};

TEST_F(ServingStream, SpeaksAndAnswers) {
  Start();
  TalkingClient client(Client());
  const Json created = client.Event("session.created");
  ASSERT_FALSE(created.is_null()) << client.ended.value_or("");
  EXPECT_EQ(created.Find("protocol")->as_string(), "1.0");
  EXPECT_THAT(created.Find("server")->as_string(), StartsWith("lipstream/"));
  EXPECT_THAT(created.Find("expires_at")->as_string(), HasSubstr("T"));
  EXPECT_EQ(created.Find("avatar")->Find("id")->as_string(), Id());
  client.client->SendAudio(Sound());
  EXPECT_EQ(client.Event("input_audio.ack").Find("samples")->as_int(), 640);
  EXPECT_TRUE(client.Wait([&] { return client.media_bytes == 1000; }));
  client.client->Send(Json::Object({{"type", "ping"}, {"t", 7}}));
  EXPECT_EQ(client.Event("pong").Find("t")->as_int(), 7);
  client.client->Send(Typed("input_audio.clear"));
  EXPECT_EQ(client.Event("output.cleared").Find("utterance")->as_int(), 1);
  client.client->Send(Typed("nonsense"));
  EXPECT_FALSE(client.Event("error").is_null());
  EXPECT_FALSE(client.ended);
  client.client->Close();
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(client.close_code, 1000);
  EXPECT_TRUE(SessionsBecome(0));
}

TEST_F(ServingStream, TakesSettingsWithTheSession) {
  Start();
  LiveClientOptions options = Client();
  options.settings = Json::Object({{"video", Json::Object({{"mode", "jpeg"}})}, {"watch", true}});
  TalkingClient client(options);
  EXPECT_EQ(client.Event("session.created").Find("video")->Find("mode")->as_string(), "jpeg");
}

TEST_F(ServingStream, GoesOnAfterALostConnection) {
  Start();
  auto first = std::make_unique<TalkingClient>(Client());
  const Json created = first->Event("session.created");
  ASSERT_FALSE(created.is_null());
  first->client->SendAudio(Sound());
  EXPECT_FALSE(first->Event("input_audio.ack").is_null());
  const std::string id = created.Find("session_id")->as_string();
  const std::string resume = R"({"type":"session.resume","next_sample":0,"resume_token":")" +
                             created.Find("resume_token")->as_string() + "\"}";
  first.reset();  // without a goodbye
  for (int i = 0; i < 500 && host_.detached() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(host_.detached(), 1u);
  // The page connects to the same address again and says which session it continues.
  RawConnection again(address_.port);
  again.Send("GET /v1/stream?session=" + id +
             " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
             "lipsync.v1\r\n\r\n");
  ASSERT_TRUE(again.Hears("101"));
  again.Send(Frame(0x81, resume));
  EXPECT_TRUE(again.Hears("\"resumed\":true"));
  EXPECT_TRUE(again.Hears("\"next_sample\":640"));
  EXPECT_EQ(host_.detached(), 0u);
}

TEST_F(ServingStream, AFreshConnectionMayResumeInstead) {
  Start();
  auto first = std::make_unique<TalkingClient>(Client());
  const Json created = first->Event("session.created");
  first.reset();
  auto raw = Raw();  // gets a session of its own, and gives it up
  EXPECT_TRUE(SessionsBecome(2));
  raw->Send(Frame(0x81, R"({"type":"session.resume","next_sample":0,"resume_token":")" +
                            created.Find("resume_token")->as_string() + "\"}"));
  EXPECT_TRUE(raw->Hears("\"resumed\":true"));
  EXPECT_TRUE(SessionsBecome(1));
}

TEST_F(ServingStream, ASessionThatHadAConnectionIsOnlyGivenToWhoHasItsToken) {
  Start();
  TalkingClient owner(Client());
  const std::string id = owner.Event("session.created").Find("session_id")->as_string();
  const std::vector<std::pair<std::string, int>> attempts = {
      {Frame(0x82, "abcd"), 4400},
      {Frame(0x81, R"({"type":"ping","t":1})"), 4400},
      {Frame(0x81, R"({"type":"session.resume","next_sample":0,"resume_token":"wrong"})"), 4401}};
  for (const auto& [first, code] : attempts) {
    RawConnection thief(address_.port);
    thief.Send("GET /v1/stream?session=" + id +
               " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
               "lipsync.v1\r\n\r\n");
    ASSERT_TRUE(thief.Hears("101"));
    thief.Send(first);
    EXPECT_TRUE(HearsClose(thief, code));
  }
  owner.client->SendAudio(Sound());
  EXPECT_FALSE(owner.Event("input_audio.ack").is_null());
}

TEST_F(ServingStream, WhoTakesOverClosesTheOther) {
  Start();
  TalkingClient owner(Client());
  const Json created = owner.Event("session.created");
  auto raw = Raw();
  raw->Send(Frame(0x81, R"({"type":"session.resume","next_sample":0,"resume_token":")" +
                            created.Find("resume_token")->as_string() + "\"}"));
  EXPECT_TRUE(raw->Hears("\"resumed\":true"));
  EXPECT_TRUE(owner.Ended());
  EXPECT_EQ(owner.close_code, 4409);
}

TEST_F(ServingStream, EndsWhatIsNotTheProtocolWithItsCode) {
  Start();
  const auto code_of = [&](const std::string& bytes, int code) {
    auto raw = Raw();
    raw->Send(bytes);
    EXPECT_TRUE(HearsClose(*raw, code)) << code;
  };
  code_of(Frame(0x81, std::string(100'000, 'a')), 1009);    // text
  code_of(Frame(0x82, std::string(2'500'000, 'a')), 1009);  // sound
  code_of(Frame(0x81, "\xc3\x28"), 1007);
  code_of(Frame(0x81, "no json"), 1007);
  code_of(std::string("\x82\x01") + "a", 1002);  // not masked
  code_of(Frame(0x09, "a"), 1002);               // a fragmented ping
  code_of(Frame(0xC2, "compressed"), 1002);      // nobody agreed to compression
  EXPECT_TRUE(SessionsBecome(0));
  EXPECT_EQ(Get("/readyz").status, 200);
}

TEST_F(ServingStream, TakesMessagesInFragmentsOfOneByte) {
  Start();
  auto raw = Raw();
  std::string text = R"({"type":"ping","t":42})";
  std::string frames;
  for (size_t i = 0; i < text.size(); ++i) {
    frames +=
        Frame(static_cast<uint8_t>((i == 0 ? 0x01 : 0x00) | (i + 1 == text.size() ? 0x80 : 0)), text.substr(i, 1));
  }
  for (size_t at = 0; at < frames.size(); at += 5) raw->Send(frames.substr(at, 5));
  EXPECT_TRUE(raw->Hears(R"("t":42)"));
}

TEST_F(ServingStream, ClientsThatVanishDisturbNobody) {
  host_.max_sessions = 100;
  Start();
  TalkingClient steady(Client());
  ASSERT_TRUE(steady.Created());
  for (int i = 0; i < 20; ++i) {
    auto raw = Raw();
    raw->Send(Frame(0x82, std::string(1280, 'a')));
    if (i % 2 == 0) raw->Send(std::string("\x82\xfe", 2));  // in the middle of a frame
    raw->Vanish();
  }
  for (int i = 0; i < 500 && host_.detached() != 20; ++i) {
    if (host_.detached() + 1 == host_.sessions()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(host_.detached() + 1, host_.sessions());
  steady.client->SendAudio(Sound());
  EXPECT_FALSE(steady.Event("input_audio.ack").is_null());
}

TEST_F(ServingStream, AClientThatNeverReadsCostsBoundedMemory) {
  host_.frame_bytes = 200'000;
  Start();
  TalkingClient steady(Client());
  ASSERT_TRUE(steady.Created());
  TalkingClient stuck(Client());
  ASSERT_TRUE(stuck.Created());
  stuck.client->PauseReading();
  for (int i = 0; i < 500; ++i) stuck.client->SendAudio(Sound(16));  // 100 MB of frames
  const auto dropped = [&] {
    const std::string page(Get("/metrics").text());
    const size_t at = page.find("lipsync_frames_total{result=\"dropped\"} ");
    return at == std::string::npos ? 0 : std::atoi(page.c_str() + at + 39);
  };
  EXPECT_TRUE(stuck.Wait([&] { return dropped() > 300; })) << dropped();
  steady.client->SendAudio(Sound());
  EXPECT_FALSE(steady.Event("input_audio.ack").is_null());
}

TEST_F(ServingStream, ManyConnectsAndDisconnectsLeaveNothing) {
  Start();
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = open_files();
  for (int i = 0; i < 100; ++i) {
    TalkingClient client(Client());
    ASSERT_TRUE(client.Created()) << i << client.ended.value_or("");
    if (i % 2 == 0) {
      client.client->Close();
      EXPECT_TRUE(client.Ended());
    }
    host_.max_sessions = i + 10;
  }
  for (int i = 0; i < 200 && open_files() > before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_LE(open_files(), before);
}

TEST_F(ServingStream, WatchersGetPicturesOfASessionThatAllowsIt) {
  Start();
  LiveClientOptions options = Client();
  options.settings = Json::Object({{"video", Json::Object({{"mode", "jpeg"}})}, {"watch", true}});
  TalkingClient client(options);
  const std::string id = client.Event("session.created").Find("session_id")->as_string();
  RawConnection watcher(address_.port);
  watcher.Send("GET /v1/sessions/" + id + "/mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(watcher.Hears("multipart/x-mixed-replace; boundary=frame"));
  client.client->SendAudio(Sound());
  client.Event("input_audio.ack");
  EXPECT_TRUE(watcher.Hears("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n"));
  EXPECT_EQ(CodeOf(Get("/v1/sessions/" + id + "/stream.mp4")), "409 watch_other_mode");
  EXPECT_EQ(CodeOf(Get("/v1/sessions/none/mjpeg")), "404 session_unknown");
  client.client->Close();
  EXPECT_TRUE(watcher.Hears("\r\n0\r\n\r\n"));
  TalkingClient shy(Client());
  const std::string other = shy.Event("session.created").Find("session_id")->as_string();
  EXPECT_EQ(CodeOf(Get("/v1/sessions/" + other + "/mjpeg")), "403 watch_not_allowed");
}

TEST_F(ServingStream, AFilmBeginsWithItsInit) {
  Start();
  LiveClientOptions options = Client();
  options.settings = Json::Object({{"video", Json::Object({{"mode", "fmp4"}})}, {"watch", true}});
  TalkingClient client(options);
  const std::string id = client.Event("session.created").Find("session_id")->as_string();
  client.client->SendAudio(Sound());
  client.Event("input_audio.ack");
  RawConnection late(address_.port);
  late.Send("GET /v1/sessions/" + id + "/stream.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(late.Hears("\r\na\r\n" + std::string(10, '\x01') + "\r\n"));
  client.client->SendAudio(Sound());
  EXPECT_TRUE(late.Hears("\r\n3e8\r\n\x07"));
}

TEST_F(ServingStream, ATokensTimeEndsItsSession) {
  const TokenKey key{"k1", std::string(40, 's')};
  settings_.token_key = Write("keys", "k1 " + key.secret + "\n");
  Start();
  TokenClaims claims;
  claims.issued_s = std::time(nullptr);
  claims.expires_s = claims.issued_s + 30;
  claims.max_s = 1;
  LiveClientOptions options = Client();
  options.token = SignToken(claims, key);
  TalkingClient client(options);
  ASSERT_TRUE(client.Created()) << client.ended.value_or("");
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(client.close_code, 4410);
}

// What a connection gets to its first message.
std::string FirstAnswer(int port, const std::string& target, const std::string& token, const std::string& message,
                        const std::string& expected) {
  RawConnection raw(port);
  raw.Send("GET " + target +
           " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
           "lipsync.v1, bearer." +
           token + "\r\n\r\n");
  EXPECT_TRUE(raw.Hears("\r\n\r\n"));
  raw.Send(Frame(0x81, message));
  return raw.Hears(expected) ? expected : raw.heard();
}

// "code" of an error event, then the close frame's code.
std::string Closing(const std::string& code, int close) {
  return "\"fatal\":true}\x88" + std::string(1, static_cast<char>(2 + code.size())) +
         std::string{static_cast<char>(close >> 8), static_cast<char>(close & 255)} + code;
}

TEST_F(ServingStream, AUsedTokenLeadsBackToItsOwnSessionAndLastsNoLonger) {
  const TokenKey key{"k1", std::string(40, 's')};
  settings_.token_key = Write("keys", "k1 " + key.secret + "\n");
  settings_.api_key = Write("api", "the-key-of-this-test\n");
  Start();
  const auto make = [&] {
    return ParseJson(Post("/v1/sessions", "{}", {{"Authorization", "Bearer the-key-of-this-test"}}).text()).value();
  };
  const Json one = make();
  TokenClaims claims;
  claims.session = one.Find("session_id")->as_string();
  claims.issued_s = std::time(nullptr);
  claims.expires_s = claims.issued_s + 50;
  claims.max_s = 2;
  const std::string token = SignToken(claims, key);
  LiveClientOptions other_options = Client();
  claims.session.clear();
  other_options.token = SignToken(claims, key);
  TalkingClient other(other_options);
  ASSERT_TRUE(other.Created());
  const std::string url = one.Find("ws_url")->as_string();
  const auto resume = [](const std::string& secret) {
    return R"({"type":"session.resume","next_sample":0,"resume_token":")" + secret + "\"}";
  };
  EXPECT_THAT(FirstAnswer(address_.port, url, token, "{}", "unknown_type"), "unknown_type");
  const auto session = host_.FindSession(one.Find("session_id")->as_string());
  ASSERT_NE(session, nullptr);
  const std::string wrong = Closing("resume_token_wrong", 4401);
  EXPECT_EQ(FirstAnswer(address_.port, url, token, resume(other.client->resume_token()), wrong), wrong)
      << "another session's secret is no way into that session";
  EXPECT_FALSE(other.ended.has_value());
  const std::string late = Closing("the token's time is up", 4410).substr(14);
  EXPECT_EQ(FirstAnswer(address_.port, url, token, resume(session->resume_token()), late), late);
}

TEST_F(ServingStream, ATokenOfAnotherAvatarResumesNothing) {
  const TokenKey key{"k1", std::string(40, 's')};
  settings_.token_key = Write("keys", "k1 " + key.secret + "\n");
  Start();
  TokenClaims claims;
  claims.issued_s = std::time(nullptr);
  claims.expires_s = claims.issued_s + 50;
  LiveClientOptions options = Client();
  options.token = SignToken(claims, key);
  TalkingClient client(options);
  ASSERT_TRUE(client.Created());
  claims.avatar = "somebody-else";
  const std::string resume = R"({"type":"session.resume","next_sample":0,"resume_token":")";
  const std::string refused = Closing("avatar_not_allowed", 4403);
  EXPECT_EQ(FirstAnswer(address_.port, "/v1/stream?resume=1", SignToken(claims, key),
                        resume + client.client->resume_token() + "\"}", refused),
            refused);
}

TEST_F(ServingStream, WhatClientsShowIsCounted) {
  Start();
  TalkingClient client(Client());
  ASSERT_TRUE(client.Created());
  for (const int dropped : {3, 7}) {
    client.client->Send(
        Json::Object({{"type", "playback.report"}, {"pts_us", 40'000}, {"buffered_ms", 250}, {"dropped", dropped}}));
  }
  client.client->Send(Json::Object({{"type", "ping"}, {"t", 1}}));
  ASSERT_FALSE(client.Event("pong").is_null());
  const std::string page(Get("/metrics").text());
  EXPECT_NE(page.find("lipsync_frames_total{result=\"client_dropped\"} 7\n"), std::string::npos);
  EXPECT_NE(page.find("lipsync_client_buffer_seconds_count 2\n"), std::string::npos);
  EXPECT_NE(page.find("lipsync_client_buffer_seconds_sum 0.5\n"), std::string::npos);
}

TEST_F(ServingStream, SaysAllItsLimits) {
  settings_.connect_rate = 50;
  settings_.key_sessions = 3;
  Start();
  TalkingClient client(Client());
  const Json created = client.Event("session.created");
  const Json& limits = *created.Find("limits");
  const auto limit = [&limits](const char* name) {
    const Json* value = limits.Find(name);
    return value != nullptr ? value->as_int() : -1;
  };
  EXPECT_EQ(limit("handshake_ms"), 10'000);
  EXPECT_EQ(limit("write_ms"), 10'000);
  EXPECT_EQ(limit("header_bytes"), 16 << 10);
  EXPECT_EQ(limit("connects_per_second"), 50);
  EXPECT_EQ(limit("key_sessions"), 3);
  EXPECT_EQ(limit("connect_ms"), 30'000);
  EXPECT_EQ(limit("slow_close_ms"), 15'000);
}

TEST_F(ServingStream, DrainsOnASignal) {
  Start();
  std::vector<std::unique_ptr<TalkingClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<TalkingClient>(Client()));
    ASSERT_TRUE(clients.back()->Created());
  }
  stop_.Raise();
  for (const auto& client : clients) {
    EXPECT_TRUE(client->Ended());
    EXPECT_FALSE(client->Event("session.draining").is_null());
    EXPECT_EQ(client->close_code, 1012);
  }
  thread_.join();
  EXPECT_TRUE(ran_);
}

TEST_F(ServingStream, SpeaksTls) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout '" +
      (folder_ / "key.pem").string() + "' -out '" + (folder_ / "cert.pem").string() +
      "' -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << "the openssl program made no certificate";
  settings_.tls_cert = folder_ / "cert.pem";
  settings_.tls_key = folder_ / "key.pem";
  Start(/*wait=*/false);
  EXPECT_THAT(server_->url(), StartsWith("https://localhost:"));
  address_ = ParseServerUrl("https://localhost:" + std::to_string(server_->port()), folder_ / "cert.pem").value();
  for (int i = 0; i < 1000 && Get("/readyz").status != 200; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  TalkingClient client(Client());
  EXPECT_TRUE(client.Created()) << client.ended.value_or("");
  const ServerAddress stranger =
      ParseServerUrl("https://localhost:" + std::to_string(server_->port()), std::nullopt).value();
  EXPECT_THAT(FetchNow(stranger, {}).error().message(), HasSubstr("not trusted"));
}

}  // namespace
}  // namespace lips::serving
