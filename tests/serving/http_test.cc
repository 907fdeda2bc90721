// The HTTP side of a server: what is served, what is refused and how, and clients that try to be a nuisance.
#include "fixture.h"

namespace lips::serving {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ServingHttp : public Serving {};

TEST_F(ServingHttp, ServesThePageWithItsPolicy) {
  const Path web = folder_ / "web";
  std::filesystem::create_directories(web / "client");
  ASSERT_TRUE(WriteFileAtomically(web / "index.html", std::string_view("<p>hello</p>")).ok());
  ASSERT_TRUE(WriteFileAtomically(web / "client/a.js", std::string_view("export const a = 1;")).ok());
  ASSERT_TRUE(WriteFileAtomically(web / ".secret", std::string_view("x")).ok());
  settings_.web = web;
  Start(/*wait=*/false);
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.text(), "<p>hello</p>");
  EXPECT_EQ(page.Header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.Header("Content-Security-Policy")), HasSubstr("default-src 'self'"));
  EXPECT_EQ(page.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.Header("Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(Get("/client/a.js").Header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Get("/", {{"If-None-Match", std::string(page.Header("ETag"))}}).status, 304);
  EXPECT_EQ(Get("/.secret").status, 404);
  EXPECT_EQ(Get("/nothing.js").status, 404);
  for (const char* way_out : {"/../index.html", "/%2e%2e/index.html", "/client/..%2findex.html", "/client//a.js"}) {
    EXPECT_EQ(CodeOf(Get(way_out)), "400 bad_target") << way_out;
  }
  RawConnection head(address_.port);
  head.Send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(head.Ends());
  EXPECT_THAT(head.heard(), HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(head.heard(), Not(HasSubstr("hello")));
  EXPECT_EQ(Ask("POST", "/").status, 405);
}

TEST_F(ServingHttp, TheBuiltInPageIsThere) {
  Start(/*wait=*/false);
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(std::string(page.text()), HasSubstr("<script"));
  EXPECT_EQ(Get("/lipstream.js").status, 200);
}

TEST_F(ServingHttp, IsReadyOnlyWithAnAvatar) {
  Start();
  EXPECT_EQ(Get("/healthz").text(), "alive\n");
  EXPECT_EQ(Get("/v2/health/ready").status, 200);
  host_.state = Readiness::kOverloaded;
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/v2/health/live").status, 200);
  host_.is_alive = false;
  EXPECT_EQ(Get("/healthz").status, 503);
}

TEST_F(ServingHttp, AnUnusableAvatarIsTold) {
  const Path broken = folder_ / "broken";
  std::filesystem::copy(testdata::SyntheticAvatar(), broken, std::filesystem::copy_options::recursive);
  std::filesystem::resize_file(broken / "cache" / "crop_rectangles.json", 10);
  settings_.avatars = {broken.string()};
  Start(/*wait=*/false);
  for (int i = 0; i < 1000 && Get("/v1/avatars").text().find("error") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(std::string(Get("/v1/avatars").text()), HasSubstr("\"ready\":false"));
  EXPECT_THAT(std::string(Get("/v1/avatars").text()), HasSubstr("crop_rectangles.json"));
  EXPECT_EQ(Get("/readyz").status, 503);
}

TEST_F(ServingHttp, ListsAvatarsAndGivesTheirBackground) {
  Start();
  const Json list = ParseJson(Get("/v1/avatars").text()).value();
  ASSERT_EQ(list.Find("avatars")->array().size(), 1u);
  EXPECT_EQ(list.Find("avatars")->array()[0].Find("id")->as_string(), Id());
  const Json facts = ParseJson(Get("/v1/avatars/" + Id()).text()).value();
  const std::string url = facts.Find("background_url")->as_string();
  EXPECT_TRUE(url.ends_with("/background.mp4?v=0123456789abcdef")) << url;
  const HttpResponse all = Get(url);
  ASSERT_EQ(all.status, 200);
  EXPECT_THAT(std::string(all.Header("Cache-Control")), HasSubstr("immutable"));
  EXPECT_EQ(Get(url.substr(0, url.find('?'))).Header("Cache-Control"), "no-cache");
  EXPECT_EQ(all.Header("Content-Type"), "video/mp4");
  EXPECT_EQ(std::string(all.text().substr(4, 4)), "ftyp");
  const HttpResponse part = Get(url, {{"Range", "bytes=4-7"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.text(), "ftyp");
  EXPECT_EQ(Get(url, {{"If-None-Match", std::string(all.Header("ETag"))}}).status, 304);
  EXPECT_EQ(Get(url, {{"Range", "bytes=99999999-"}}).status, 416);
  EXPECT_EQ(CodeOf(Get("/v1/avatars/nobody")), "404 avatar_unknown");
  EXPECT_EQ(CodeOf(Get("/v1/avatars/Anna%20B")), "404 avatar_unknown");
  EXPECT_EQ(Get("/v1/avatars/" + Id() + "/other").status, 404);
}

TEST_F(ServingHttp, OffersSamples) {
  ASSERT_TRUE(std::filesystem::create_directory(folder_ / "samples"));
  std::filesystem::copy(testdata::SyntheticSpeech(), folder_ / "samples" / "hello.wav");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "samples" / "noise.wav", std::string_view("no sound")).ok());
  settings_.samples = folder_ / "samples";
  Start(/*wait=*/false);
  const Json list = ParseJson(Get("/v1/samples").text()).value();
  ASSERT_EQ(list.Find("samples")->array().size(), 1u);
  const HttpResponse sound = Get(list.Find("samples")->array()[0].Find("url")->as_string());
  EXPECT_EQ(sound.status, 200);
  EXPECT_EQ(sound.Header("Content-Type"), "audio/wav");
  EXPECT_THAT(std::string(sound.text()), StartsWith("RIFF"));
  EXPECT_EQ(Get("/v1/samples/noise.wav").status, 404);
}

TEST_F(ServingHttp, ShowsMetricsInPrometheusFormat) {
  Start();
  EXPECT_EQ(Upgrade("/v1/stream", {{"Origin", "https://example.com"}}), "403 origin_not_allowed");
  const std::string text(Get("/metrics").text());
  EXPECT_THAT(text, HasSubstr("# TYPE lipsync_frames_total counter\nlipsync_frames_total{result=\"sent\"} 42\n"));
  EXPECT_THAT(text, HasSubstr("lipsync_frame_latency_seconds_bucket{le=\"0.04\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lipsync_frame_latency_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lipsync_errors_total{code=\"odd \\\"code\\\"\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("lipsync_auth_failures_total{code=\"origin_not_allowed\"} 1\n"));
  EXPECT_THAT(text, ContainsRegex("process_resident_memory_bytes [1-9]"));
  // Every line is a comment or a sample.
  for (size_t at = 0; at < text.size();) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    EXPECT_THAT(line, ContainsRegex("^(# (HELP|TYPE) lipsync|# (HELP|TYPE) process|[a-z_]+(\\{.*\\})? [-+0-9.e]+$)"));
  }
}

TEST_F(ServingHttp, MakesSessions) {
  host_.max_sessions = 1;
  Start();
  const HttpResponse made = Post("/v1/sessions", R"({"avatar":")" + Id() + R"(","video":{"mode":"jpeg"}})");
  ASSERT_EQ(made.status, 201) << made.text();
  const Json session = ParseJson(made.text()).value();
  EXPECT_EQ(session.Find("ws_url")->as_string(), "/v1/stream?session=" + session.Find("session_id")->as_string());
  EXPECT_EQ(session.Find("capacity")->Find("used")->as_int(), 1);
  const HttpResponse full = Post("/v1/sessions", "{}");
  EXPECT_EQ(CodeOf(full), "503 overloaded");
  EXPECT_NE(full.Header("Retry-After"), "");
  EXPECT_EQ(Upgrade("/v1/stream"), "503 overloaded");
  EXPECT_EQ(CodeOf(Post("/v1/sessions", R"({"avatar":"nobody"})")), "404 avatar_unknown");
  EXPECT_EQ(CodeOf(Post("/v1/sessions", "[]")), "400 bad_json");
  EXPECT_EQ(CodeOf(Post("/v1/sessions", "{")), "400 bad_json");
  EXPECT_THAT(CodeOf(Post("/v1/sessions", R"({"video":{"mode":"hologram"}})")), StartsWith("400 "));
  EXPECT_EQ(CodeOf(Ask("POST", "/v1/sessions", {}, "{}")), "415 not_json");
  EXPECT_EQ(Get("/v1/sessions").status, 405);
}

TEST_F(ServingHttp, RefusesStreamsBeforeTheUpgrade) {
  Start();
  EXPECT_EQ(CodeOf(Get("/v1/stream")), "426 upgrade_needed");
  EXPECT_EQ(Upgrade("/v1/stream", {}, ""), "400 subprotocol_missing");
  EXPECT_EQ(Upgrade("/v1/stream", {}, "chat"), "400 subprotocol_missing");
  EXPECT_EQ(Upgrade("/v1/stream?avatar=nobody"), "404 avatar_unknown");
  EXPECT_EQ(Upgrade("/v1/stream?avatar=..%2fx"), "404 avatar_unknown");
  EXPECT_EQ(Upgrade("/v1/stream?session=none"), "404 session_unknown");
  EXPECT_EQ(Upgrade("/v1/stream", {{"Origin", "https://example.com"}}), "403 origin_not_allowed");
  EXPECT_EQ(Upgrade("/v1/stream", {{"Host", "example.com"}}), "403 host_not_allowed");
  EXPECT_EQ(Upgrade("/v1/stream"), "101");
}

TEST_F(ServingHttp, WantsTokensWhereThereAreKeys) {
  const TokenKey key{"k1", std::string(40, 's')};
  settings_.token_key = Write("keys", "k1 " + key.secret + "\n");
  settings_.api_key = Write("api", "the-key-of-this-test\n");
  Start();
  EXPECT_EQ(Upgrade("/v1/stream"), "401 token_missing");
  EXPECT_EQ(Upgrade("/v1/stream", {}, "lipsync.v1, bearer.abc"), "401 token_invalid");
  EXPECT_EQ(CodeOf(Post("/v1/sessions", "{}")), "401 api_key_missing");
  EXPECT_EQ(CodeOf(Post("/v1/sessions", "{}", {{"Authorization", "Bearer wrong-key-of-the-test"}})),
            "401 api_key_wrong");
  const HttpResponse made = Post("/v1/sessions", "{}", {{"Authorization", "Bearer the-key-of-this-test"}});
  ASSERT_EQ(made.status, 201);
  const Json session = ParseJson(made.text()).value();
  const std::string token = session.Find("token")->as_string();
  const std::string url = session.Find("ws_url")->as_string();
  EXPECT_EQ(Upgrade("/v1/stream?session=other", {}, "lipsync.v1, bearer." + token), "403 token_of_another_session");
  EXPECT_EQ(Upgrade(url, {}, "lipsync.v1, bearer." + token), "101");
  TokenClaims claims;
  claims.issued_s = std::time(nullptr);
  claims.expires_s = claims.issued_s + 30;
  claims.avatar = "somebody-else";
  EXPECT_EQ(Upgrade("/v1/stream?avatar=" + Id(), {{"Authorization", "Bearer " + SignToken(claims, key)}}),
            "403 avatar_not_allowed");
  claims.avatar = Id();
  claims.subject = "twice";
  const std::string once = SignToken(claims, key);
  EXPECT_EQ(Upgrade("/v1/stream", {}, "lipsync.v1, bearer." + once), "101");
  EXPECT_EQ(Upgrade("/v1/stream", {}, "lipsync.v1, bearer." + once), "101") << "back to its session";
  EXPECT_EQ(Upgrade("/v1/stream?session=other", {}, "lipsync.v1, bearer." + once), "401 token_used");
}

TEST_F(ServingHttp, BoundsSessionsOfOneKey) {
  const TokenKey key{"k1", std::string(40, 's')};
  settings_.token_key = Write("keys", "k1 " + key.secret + "\n");
  settings_.api_key = Write("api", "the-key-of-this-test\n");
  settings_.key_sessions = 2;
  Start();
  const auto post = [this] {
    return CodeOf(Post("/v1/sessions", "{}", {{"Authorization", "Bearer the-key-of-this-test"}}));
  };
  EXPECT_EQ(post(), "201 -");
  EXPECT_EQ(post(), "201 -");
  EXPECT_EQ(post(), "429 too_many_sessions");
  int number = 0;
  const auto connect = [&](const char* subject) {
    TokenClaims claims;
    claims.subject = subject;
    claims.issued_s = std::time(nullptr);
    claims.expires_s = claims.issued_s + 30;
    claims.max_s = ++number + 100;  // so that no two tokens are the same
    return Upgrade("/v1/stream", {}, "lipsync.v1, bearer." + SignToken(claims, key));
  };
  EXPECT_EQ(connect("bob"), "101");
  EXPECT_EQ(connect("bob"), "101");
  EXPECT_EQ(connect("bob"), "429 too_many_sessions");
  EXPECT_EQ(connect("eve"), "101");
  for (int i = 1; i <= 2; ++i) host_.FindSession("s" + std::to_string(i))->Close(CloseCode::kNormal, "done");
  EXPECT_EQ(post(), "201 -") << "those that ended do not count";
}

TEST_F(ServingHttp, AllowedPagesMayRead) {
  settings_.allow_origin = {"https://example.com"};
  Start();
  const HttpResponse list = Get("/v1/avatars", {{"Origin", "https://example.com"}});
  EXPECT_EQ(list.Header("Access-Control-Allow-Origin"), "https://example.com");
  const HttpResponse preflight = Ask("OPTIONS", "/v1/sessions", {{"Origin", "https://example.com"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_THAT(std::string(preflight.Header("Access-Control-Allow-Headers")), HasSubstr("authorization"));
  EXPECT_EQ(CodeOf(Get("/v1/avatars", {{"Origin", "https://evil.example.org"}})), "403 origin_not_allowed");
  EXPECT_EQ(Upgrade("/v1/stream", {{"Origin", "https://example.com"}}), "101");
}

TEST_F(ServingHttp, BoundsConnectsOfOneAddress) {
  settings_.connect_rate = 3;
  Start();
  std::vector<std::string> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(CodeOf(Post("/v1/sessions", R"({"avatar":"nobody"})")));
  EXPECT_THAT(answers, ::testing::Contains("429 too_many_connects"));
  EXPECT_EQ(answers.front(), "404 avatar_unknown");
}

TEST_F(ServingHttp, KeepsConnectionsForMoreRequests) {
  Start(/*wait=*/false);
  RawConnection raw(address_.port);
  raw.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(raw.Hears("alive\n"));
  EXPECT_TRUE(raw.Hears("404"));
  EXPECT_FALSE(raw.ended());
  raw.Send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(raw.Ends());
}

TEST_F(ServingHttp, SlowAndEndlessRequestsAreEnded) {
  options_.http.request_limit = std::chrono::milliseconds(200);
  Start(/*wait=*/false);
  RawConnection silent(address_.port);
  EXPECT_TRUE(silent.Ends());
  EXPECT_EQ(silent.heard(), "");
  RawConnection slow(address_.port);
  for (int i = 0; i < 40 && !slow.ended(); ++i) {
    slow.Send(i == 0 ? "GET / HTTP/1.1\r\nX: " : "a");
    slow.RunFor(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(slow.Hears("408"));
  RawConnection endless(address_.port);
  endless.Send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'a'));
  EXPECT_TRUE(endless.Hears("431"));
  RawConnection big(address_.port);
  big.Send("POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_TRUE(big.Hears("413"));
  RawConnection garbage(address_.port);
  garbage.Send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + "garbage\r\n\r\n");
  EXPECT_TRUE(garbage.Hears("400"));
  EXPECT_TRUE(garbage.Ends());
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(ServingHttp, TooManyConnectionsAreRefusedNotServed) {
  options_.max_connections = 5;
  Start();
  std::vector<std::unique_ptr<RawConnection>> held;
  for (int i = 0; i < 5; ++i) held.push_back(std::make_unique<RawConnection>(address_.port));
  for (const auto& each : held) each->RunFor(std::chrono::milliseconds(20));
  RawConnection late(address_.port);
  EXPECT_TRUE(late.Ends());
  held.clear();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(ServingHttp, TheAdminPortLoadsUnloadsAndDrains) {
  {
    Loop loop;
    settings_.admin_port = std::move(Listener::Open(loop, "127.0.0.1", 0, [](Socket) {})).value()->port();
  }
  Start();
  ServerAddress admin = address_;
  admin.port = server_->admin_port();
  const auto ask = [&](const std::string& target, const std::string& body, HttpHeaders headers = {}) {
    FetchRequest request;
    request.method = "POST";
    request.target = target;
    request.headers = std::move(headers);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body;
    request.limit = std::chrono::seconds(60);
    return std::move(FetchNow(admin, request)).value();
  };
  const std::string path = testdata::SyntheticAvatar().string();
  EXPECT_EQ(CodeOf(ask("/admin/avatars/load", R"({"path":")" + path + R"("})")), "409 avatar_exists");
  EXPECT_EQ(ask("/admin/avatars/load", R"({"path":")" + path + R"(","id":"second"})").status, 201);
  EXPECT_EQ(Get("/v1/avatars/second").status, 200);
  EXPECT_EQ(CodeOf(ask("/admin/avatars/load", R"({"path":"nowhere"})")), "400 no_avatar");
  EXPECT_EQ(CodeOf(ask("/admin/avatars/load", R"({"path":")" + path + R"(","id":"../x"})")), "400 bad_id");
  EXPECT_EQ(ask("/admin/avatars/unload", R"({"id":"second"})").status, 200);
  EXPECT_EQ(CodeOf(ask("/admin/avatars/unload", R"({"id":"second"})")), "404 avatar_unknown");
  EXPECT_EQ(Get("/v1/avatars/second").status, 404);
  // A page that reaches the port through a browser of this machine.
  EXPECT_EQ(CodeOf(ask("/admin/drain", "{}", {{"Origin", "http://localhost:8080"}})), "403 not_for_pages");
  EXPECT_EQ(Get("/admin/drain").status, 404);  // the public port has no such thing
  EXPECT_EQ(ask("/admin/drain", R"({"deadline_ms":100})").status, 200);
  thread_.join();
  EXPECT_TRUE(ran_);
}

}  // namespace
}  // namespace lips::serving
