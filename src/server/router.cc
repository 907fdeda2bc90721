#include "server/router.h"

#include <algorithm>
#include <ctime>

#include "net/listener.h"
#include "server/answer.h"
#include "server/byte_range.h"
#include "server/stream_connection.h"

namespace lips {
namespace {

constexpr size_t kMaxSample = 64 << 20;
constexpr const char* kApiKey = "api key";  // whose sessions are counted together; no token's 'sub' looks like it

int64_t UnixTime() { return std::time(nullptr); }

HttpResponse NotFound(std::string_view what) { return ErrorAnswer(404, "not_found", what); }

HttpResponse NotAllowed(const char* methods) {
  HttpResponse response = ErrorAnswer(405, "method_not_allowed", std::string("expected ") + methods);
  response.headers.emplace_back("Allow", methods);
  return response;
}

HttpResponse TooMany() {
  HttpResponse response = ErrorAnswer(429, "too_many_connects", "too many connects from this address; wait a second");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse TooManyOfKey() {
  HttpResponse response = ErrorAnswer(429, "too_many_sessions", "this key has as many sessions as it may; end one");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

HttpResponse Text(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
  response.body = TextBody(std::move(text));
  return response;
}

// Where a page of ours may load from and connect to: here. The WebSocket's own scheme is spelled out for browsers that
// do not count it as 'self'.
std::string ContentPolicy(const Visit& visit) {
  std::string connect = "'self'";
  const std::string_view host = visit.request.Header("Host");
  const bool plain = !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == ':' ||
           c == '-' || c == '[' || c == ']';
  });
  if (plain) connect += " ws://" + std::string(host) + " wss://" + std::string(host);
  return "default-src 'self'; connect-src " + connect +
         "; media-src 'self' blob:; img-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; base-uri "
         "'none'; "
         "form-action 'self'; frame-ancestors 'self'";
}

// A session may be asked for with the settings in the query, as far as a plain address can hold them.
std::variant<SettingsChange, ProtocolError> SettingsOf(const HttpTarget& target) {
  Json object = Json::Object();
  if (const auto mode = target.Query("mode"); !mode.empty()) object.Set("video", Json::Object({{"mode", mode}}));
  if (const auto audio = target.Query("audio_out"); !audio.empty()) object.Set("audio_out", audio);
  if (target.Query("watch") == "1") object.Set("watch", true);
  return ParseSettings(object);
}

}  // namespace

Answer Router::Handle(const Visit& visit) {
  const bool is_api = !visit.target.segments.empty() && visit.target.segments.front() == "v1";
  // A navigation carries no Origin, so that only the Host is looked at for the page; health checks name anything.
  auto refused = is_api ? parts_.access.CheckPage(visit) : std::nullopt;
  Answer answer = refused ? Answer(*std::move(refused)) : Dispatch(visit);
  if (auto* response = std::get_if<HttpResponse>(&answer)) {
    if (response->status == 401 || response->status == 403) {
      if (const auto body = ParseJson(response->text()); body.ok()) {
        const Json* error = body.value().Find("error");
        const Json* code = error != nullptr ? error->Find("code") : nullptr;
        if (code != nullptr) ++parts_.counts.auth_failures[code->as_string()];
      }
    }
    response->headers.emplace_back("X-Content-Type-Options", "nosniff");
    if (is_api) {
      for (auto& header : parts_.access.PageHeaders(visit)) response->headers.push_back(std::move(header));
    }
  }
  return answer;
}

Answer Router::Dispatch(const Visit& visit) {
  const auto& path = visit.target.segments;
  const std::string whole = visit.target.path();
  if (whole == "/healthz" || whole == "/v2/health/live") return Health();
  if (whole == "/readyz" || whole == "/v2/health/ready") return Ready();
  if (whole == "/metrics") return Metrics(visit);
  if (path.empty() || path.front() != "v1") return Page(visit);
  if (visit.Is("OPTIONS")) {
    HttpResponse preflight;
    preflight.status = 204;
    preflight.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST"},
                         {"Access-Control-Allow-Headers", "authorization, content-type, range"},
                         {"Access-Control-Max-Age", "600"}};
    return preflight;
  }
  if (path.size() >= 2 && path[1] == "avatars") return Avatars(visit);
  if (path.size() >= 2 && path[1] == "samples") return SampleFiles(visit);
  if (path.size() >= 2 && path[1] == "sessions") return Sessions(visit);
  if (path.size() == 2 && path[1] == "stream") return Stream(visit);
  return NotFound("there is nothing at " + whole);
}

Answer Router::Page(const Visit& visit) const {
  if (auto refused = parts_.access.CheckPage(visit)) return *std::move(refused);
  if (!visit.Reads()) return NotAllowed("GET, HEAD");
  const auto file = parts_.page.Find(visit.target.path().substr(1));
  if (!file) return NotFound("there is no file " + visit.target.path() + " in the page");
  return ServeBytes(
      visit.request, file->bytes, file->etag,
      {{"Content-Type", std::string(file->content_type)},
       {"Cache-Control", "no-cache"},
       {"Content-Security-Policy", ContentPolicy(visit)},
       {"Cross-Origin-Opener-Policy", "same-origin"},
       {"Cross-Origin-Resource-Policy", parts_.settings.allow_origin.empty() ? "same-origin" : "cross-origin"},
       {"Permissions-Policy", "microphone=(self), camera=(), geolocation=()"},
       {"Referrer-Policy", "no-referrer"}});
}

Answer Router::Health() const {
  return parts_.host.alive() ? Text(200, "alive\n") : Text(503, "the compute thread does not answer\n");
}

Answer Router::Ready() const {
  if (parts_.shelf.loading()) return Text(503, "loading\n");
  const Readiness readiness = parts_.host.readiness();
  if (readiness == Readiness::kReady && !parts_.shelf.any_ready()) return Text(503, "no avatar\n");
  return Text(readiness == Readiness::kReady ? 200 : 503, std::string(Name(readiness)) + "\n");
}

Answer Router::Metrics(const Visit& visit) const {
  if (!visit.Reads()) return NotAllowed("GET, HEAD");
  // Where strangers can connect, figures are for the machine itself and for who has the key.
  if (parts_.access.needs_token() && !IsLoopback(visit.peer)) {
    if (auto refused = parts_.access.CheckApiKey(visit)) return *std::move(refused);
  }
  HttpResponse response = Text(200, MetricsPage(parts_.host, parts_.counts));
  response.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Answer Router::Avatars(const Visit& visit) const {
  if (!visit.Reads()) return NotAllowed("GET, HEAD");
  const auto& path = visit.target.segments;
  if (path.size() == 2) return JsonAnswer(200, Json::Object({{"avatars", parts_.shelf.ToJson()}}));
  const std::string& id = path[2];
  const auto facts = IsId(id) ? parts_.shelf.ToJson(id) : std::nullopt;
  if (!facts) return ErrorAnswer(404, "avatar_unknown", "there is no such avatar", "avatar");
  if (path.size() == 3) return JsonAnswer(200, *facts);
  if (path.size() != 4 || path[3] != "background.mp4") return NotFound("there is nothing at " + visit.target.path());
  const auto background = parts_.shelf.BackgroundOf(id);
  if (!background) {
    HttpResponse response = ErrorAnswer(503, "avatar_not_ready", "the avatar is not ready");
    response.headers.emplace_back("Retry-After", "2");
    return response;
  }
  // Its address does not change with its content, so a cache may keep it but has to ask.
  const bool named = !visit.target.Query("v").empty() && visit.target.Query("v") == background->etag;
  return ServeBytes(visit.request, background->bytes, background->etag,
                    {{"Content-Type", "video/mp4"},
                     {"Cache-Control", named ? "public, max-age=31536000, immutable" : "no-cache"},
                     {"Cross-Origin-Resource-Policy", "cross-origin"}});
}

Answer Router::SampleFiles(const Visit& visit) const {
  if (!visit.Reads()) return NotAllowed("GET, HEAD");
  const auto& path = visit.target.segments;
  if (path.size() == 2) return JsonAnswer(200, Json::Object({{"samples", parts_.samples.ToJson()}}));
  const auto file = path.size() == 3 ? parts_.samples.Find(path[2]) : std::nullopt;
  if (!file) return NotFound("there is no such sample");
  auto read = ReadFile(*file, kMaxSample);
  if (!read.ok()) return ErrorAnswer(500, "sample_unreadable", "the sample could not be read");
  const auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(read).value());
  return ServeBytes(visit.request, {*owner, owner}, std::to_string(owner->size()),
                    {{"Content-Type", "audio/wav"}, {"Cache-Control", "no-cache"}});
}

Json Router::CapacityJson() const {
  const Capacity capacity = parts_.host.capacity();
  return Json::Object({{"used", capacity.used}, {"total", capacity.total}});
}

Answer Router::Sessions(const Visit& visit) {
  const auto& path = visit.target.segments;
  if (path.size() == 2) return visit.Is("POST") ? MakeSession(visit) : Answer(NotAllowed("POST"));
  if (path.size() != 4 || !visit.Is("GET")) return NotFound("there is nothing at " + visit.target.path());
  if (path[3] == "mjpeg") return WatchSession(visit, path[2], WatchStream::Kind::kMjpeg);
  if (path[3] == "stream.mp4") return WatchSession(visit, path[2], WatchStream::Kind::kMp4);
  return NotFound("there is nothing at " + visit.target.path());
}

Answer Router::MakeSession(const Visit& visit) {
  if (!session_rate_.Allow(visit.peer, parts_.host.now_us())) return TooMany();
  if (auto refused = parts_.access.CheckApiKey(visit)) return *std::move(refused);
  const std::string_view type = visit.request.Header("Content-Type");
  // A form of another page could be sent without asking first; JSON cannot.
  if (!type.starts_with("application/json")) {
    return ErrorAnswer(415, "not_json", "expected 'Content-Type: application/json'");
  }
  const auto body = ParseJson(visit.request.body);
  if (!body.ok() || !body.value().is_object()) return ErrorAnswer(400, "bad_json", "expected a JSON object");
  SessionSettings settings;
  const Json* avatar = body.value().Find("avatar");
  settings.avatar = avatar != nullptr ? avatar->as_string() : parts_.shelf.OnlyOne();
  if (settings.avatar.empty()) return ErrorAnswer(400, "avatar_missing", "expected the id of an avatar", "avatar");
  const auto change = ParseSettings(body.value());
  if (const auto* error = std::get_if<ProtocolError>(&change)) return ErrorAnswer(*error);
  if (auto error = ApplyChange(std::get<SettingsChange>(change), false, false, settings)) return ErrorAnswer(*error);
  if (!parts_.shelf.IsReady(settings.avatar)) {
    return ErrorAnswer(404, "avatar_unknown", "there is no such avatar, or it is not ready", "avatar");
  }
  const std::string key = parts_.access.needs_token() ? kApiKey : "";
  if (Crowded(key)) return TooManyOfKey();
  const auto opened = parts_.host.OpenSession(settings, nullptr);
  if (const auto* error = std::get_if<ProtocolError>(&opened)) return ErrorAnswer(*error);
  const std::string& id = std::get<std::shared_ptr<LiveSession>>(opened)->id();
  Remember(key, id);
  const int64_t now_s = UnixTime();
  const std::string token = parts_.access.Sign(id, settings.avatar, now_s);
  Json answer = Json::Object({{"session_id", id}, {"ws_url", "/v1/stream?session=" + id}});
  if (!token.empty()) answer.Set("token", token);
  // Until when it has to be connected.
  const int64_t wait_s = std::min<int64_t>(parts_.settings.Limits().connect_ms / 1000, kTokenSeconds);
  answer.Set("expires_at", now_s + wait_s);
  answer.Set("capacity", CapacityJson());
  return JsonAnswer(201, answer);
}

bool Router::Crowded(const std::string& key) const {
  const auto found = key_sessions_.find(key);
  if (parts_.settings.key_sessions == 0 || found == key_sessions_.end()) return false;
  const auto is_open = [this](const std::string& id) { return parts_.host.FindSession(id) != nullptr; };
  return std::ranges::count_if(found->second, is_open) >= parts_.settings.key_sessions;
}

void Router::Remember(const std::string& key, const std::string& session) {
  if (parts_.settings.key_sessions == 0 || key.empty()) return;
  for (auto& [other, sessions] : key_sessions_) {
    std::erase_if(sessions, [this](const std::string& id) { return parts_.host.FindSession(id) == nullptr; });
  }
  std::erase_if(key_sessions_, [](const auto& entry) { return entry.second.empty(); });
  key_sessions_[key].push_back(session);
}

Answer Router::WatchSession(const Visit& visit, const std::string& session, WatchStream::Kind kind) {
  if (auto refused = parts_.access.CheckWatch(visit, session, UnixTime())) return *std::move(refused);
  const auto live = parts_.host.FindSession(session);
  const auto connection = parts_.book.ConnectionOf(session);
  if (!live || !connection)
    return ErrorAnswer(404, "session_unknown", "there is no such session, or nobody is connected to it");
  const SessionSettings settings = live->settings();
  if (!settings.watch) return ErrorAnswer(403, "watch_not_allowed", "the session was not opened with watch:true");
  const VideoMode needed = kind == WatchStream::Kind::kMjpeg ? VideoMode::kJpeg : VideoMode::kMp4;
  if (settings.mode != needed) {
    return ErrorAnswer(
        409, "watch_other_mode",
        "the session sends " + std::string(Name(settings.mode)) + ", this output needs " + std::string(Name(needed)));
  }
  WatchGrant grant;
  grant.head.headers = {{"Content-Type", WatchStream::ContentType(kind)},
                        {"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"}};
  for (auto& header : parts_.access.PageHeaders(visit)) grant.head.headers.push_back(std::move(header));
  grant.body = std::make_shared<WatchStream>(kind, connection->mp4_init());
  connection->AddWatcher(grant.body);
  if (kind == WatchStream::Kind::kMp4) connection->RequestKeyframe();
  return grant;
}

Answer Router::Stream(const Visit& visit) {
  if (!visit.Is("GET")) return NotAllowed("GET");
  if (!visit.request.wants_upgrade()) {
    HttpResponse response =
        ErrorAnswer(426, "upgrade_needed", "this is a WebSocket: connect with the subprotocol lipsync.v1");
    response.headers.emplace_back("Upgrade", "websocket");
    return response;
  }
  if (!HeaderHasToken(visit.request.Header("Sec-WebSocket-Protocol"), kLiveProtocol)) {
    return ErrorAnswer(400, "subprotocol_missing", "expected 'Sec-WebSocket-Protocol: lipsync.v1'");
  }
  if (!stream_rate_.Allow(visit.peer, parts_.host.now_us())) return TooMany();
  auto passed = parts_.access.CheckStream(visit, UnixTime(),
                                          [this](const std::string& id) { return parts_.book.WasConnected(id); });
  if (auto* refused = std::get_if<HttpResponse>(&passed)) return std::move(*refused);
  return OpenStream(visit, std::get<Access::Pass>(passed));
}

Answer Router::OpenStream(const Visit& visit, const Access::Pass& pass) {
  if (pass.only_resume) return StreamGrant{"", pass.max_s, pass.session, pass.avatar};
  if (visit.target.Query("resume") == "1") return StreamGrant{"", pass.max_s, "", pass.avatar};
  const auto not_allowed = [] {
    return ErrorAnswer(403, "avatar_not_allowed", "the token is for another avatar", "avatar");
  };
  if (!pass.session.empty()) {
    const auto session = parts_.host.FindSession(pass.session);
    if (!session)
      return ErrorAnswer(404, "session_unknown", "there is no such session; it may have expired", "session");
    if (!pass.avatar.empty() && session->settings().avatar != pass.avatar) return not_allowed();
    return StreamGrant{pass.session, pass.max_s, "", pass.avatar};
  }
  if (Crowded(pass.key)) return TooManyOfKey();
  SessionSettings settings;
  settings.avatar = std::string(visit.target.Query("avatar"));
  if (settings.avatar.empty()) settings.avatar = pass.avatar.empty() ? parts_.shelf.OnlyOne() : pass.avatar;
  if (settings.avatar.empty()) return ErrorAnswer(400, "avatar_missing", "expected ?avatar=ID", "avatar");
  if (!pass.avatar.empty() && pass.avatar != settings.avatar) return not_allowed();
  if (!IsId(settings.avatar) || !parts_.shelf.IsReady(settings.avatar)) {
    return ErrorAnswer(404, "avatar_unknown", "there is no such avatar, or it is not ready", "avatar");
  }
  const auto change = SettingsOf(visit.target);
  if (const auto* error = std::get_if<ProtocolError>(&change)) return ErrorAnswer(*error);
  if (auto error = ApplyChange(std::get<SettingsChange>(change), false, false, settings)) return ErrorAnswer(*error);
  const auto opened = parts_.host.OpenSession(settings, nullptr);
  if (const auto* error = std::get_if<ProtocolError>(&opened)) return ErrorAnswer(*error);
  const std::string& id = std::get<std::shared_ptr<LiveSession>>(opened)->id();
  Remember(pass.key, id);
  parts_.access.Opened(visit, id, [this](const std::string& open) { return parts_.host.FindSession(open) != nullptr; });
  return StreamGrant{id, pass.max_s, "", pass.avatar};
}

}  // namespace lips
