#include "server/admin.h"

#include <algorithm>

#include "server/answer.h"
#include "server/origin.h"

namespace lips {
namespace {

HttpResponse Done() { return JsonAnswer(200, Json::Object({{"ok", true}})); }

std::string TextOf(const Json& body, const char* key) {
  const Json* value = body.Find(key);
  return value != nullptr ? value->as_string() : "";
}

void Load(const AdminParts& parts, const Json& body, Once<void(Answer)> done) {
  const std::string path = TextOf(body, "path");
  std::string id = TextOf(body, "id");
  auto found = FindAvatars({path});
  if (!found.ok()) return done(ErrorAnswer(400, "no_avatar", found.error().message(), "path"));
  if (found.value().size() != 1) return done(ErrorAnswer(400, "no_avatar", "the path holds several avatars", "path"));
  if (id.empty()) id = found.value().front().first;
  if (!IsId(id)) return done(ErrorAnswer(400, "bad_id", "an id is [a-z0-9_-]{1,64}", "id"));
  if (parts.shelf.IsReady(id)) return done(ErrorAnswer(409, "avatar_exists", "there is an avatar of that name", "id"));
  // Many hands may be waiting for one answer: a function that can be copied holds the one that cannot.
  const auto waiting = std::make_shared<Once<void(Answer)>>(std::move(done));
  parts.shelf.Load(id, found.value().front().second,
                   [&loop = parts.loop, waiting](const std::string& loaded, const Status& status) {
                     loop.Post([waiting, loaded, why = status.ok() ? std::string() : status.error().message()] {
                       if (!why.empty()) return (*waiting)(ErrorAnswer(400, "avatar_unusable", why, "path"));
                       (*waiting)(JsonAnswer(201, Json::Object({{"id", loaded}})));
                     });
                   });
}

}  // namespace

void HandleAdmin(const AdminParts& parts, const Visit& visit, Once<void(Answer)> done) {
  if (!HostIsLocal(visit.request.Header("Host")) || !visit.request.Header("Origin").empty()) {
    return done(ErrorAnswer(403, "not_for_pages", "the admin port is for programs of this machine, not for web pages"));
  }
  const std::string path = visit.target.path();
  if (path == "/metrics" && visit.Reads()) {
    HttpResponse page;
    page.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    page.body = TextBody(MetricsPage(parts.host, parts.counts));
    return done(std::move(page));
  }
  if (path != "/admin/drain" && path != "/admin/avatars/load" && path != "/admin/avatars/unload") {
    return done(ErrorAnswer(404, "not_found", "there is nothing at " + path));
  }
  if (!visit.Is("POST")) return done(ErrorAnswer(405, "method_not_allowed", "expected POST"));
  if (!visit.request.Header("Content-Type").starts_with("application/json")) {
    return done(ErrorAnswer(415, "not_json", "expected 'Content-Type: application/json'"));
  }
  const auto body = ParseJson(visit.request.body.empty() ? "{}" : visit.request.body);
  if (!body.ok() || !body.value().is_object()) return done(ErrorAnswer(400, "bad_json", "expected a JSON object"));
  if (path == "/admin/avatars/load") return Load(parts, body.value(), std::move(done));
  if (path == "/admin/avatars/unload") {
    const Status status = parts.shelf.Unload(TextOf(body.value(), "id"));
    return done(status.ok() ? Done() : ErrorAnswer(404, "avatar_unknown", status.error().message(), "id"));
  }
  const Json* deadline = body.value().Find("deadline_ms");
  const int64_t ms = deadline != nullptr && deadline->is_int() ? deadline->as_int() : parts.default_drain_ms;
  parts.drain(std::clamp<int64_t>(ms, 0, 3'600'000));
  done(Done());
}

}  // namespace lips
