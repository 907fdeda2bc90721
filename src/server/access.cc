#include "server/access.h"

#include <algorithm>

#include "base/hmac.h"
#include "base/sha256.h"
#include "net/listener.h"
#include "server/answer.h"
#include "server/origin.h"

namespace lips {
namespace {

constexpr std::string_view kBearerProtocol = "bearer.";
constexpr std::string_view kBearerScheme = "Bearer ";

Result<std::string> LoadApiKey(const Path& path) {
  ASSIGN_OR_RETURN(std::string text, ReadTextFile(path, 4096));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (text.size() < 16) {
    return Error(ErrorCode::kInvalidInput, "'" + path.string() + "' holds an API key of fewer than 16 bytes");
  }
  return text;
}

HttpResponse Unauthorised(std::string_view code, std::string_view message) {
  HttpResponse response = ErrorAnswer(401, code, message);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

std::string HashOf(std::string_view token) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(token.data()), token.size()});
}

std::string AuthorizationOf(const HttpRequest& request) {
  const std::string_view header = request.Header("Authorization");
  return header.starts_with(kBearerScheme) ? std::string(header.substr(kBearerScheme.size())) : "";
}

}  // namespace

std::string BearerOf(const HttpRequest& request) {
  std::string_view list = request.Header("Sec-WebSocket-Protocol");
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item.starts_with(kBearerProtocol)) return std::string(item.substr(kBearerProtocol.size()));
  }
  return AuthorizationOf(request);
}

Result<Access> Access::Open(const ServeSettings& settings) {
  Access access;
  if (!settings.token_key.empty()) {
    ASSIGN_OR_RETURN(access.keys_, LoadTokenKeys(settings.token_key));
    access.open_to_sessions_ = false;
  }
  if (!settings.api_key.empty()) {
    ASSIGN_OR_RETURN(access.api_key_, LoadApiKey(settings.api_key));
    access.open_to_sessions_ = false;
    if (access.keys_.empty()) access.keys_.push_back({RandomName(6), RandomName(32)});
  }
  access.long_tokens_ = settings.long_tokens;
  access.local_only_ = !access.needs_token() && IsLoopback(settings.bind);
  access.origins_ = settings.allow_origin;
  return access;
}

std::optional<HttpResponse> Access::CheckPage(const Visit& visit) const {
  const std::string_view host = visit.request.Header("Host");
  if (local_only_ && !HostAllowed(host, origins_)) {
    return ErrorAnswer(403, "host_not_allowed",
                       "this server answers to names of this machine only; name others with --allow-origin");
  }
  if (!OriginAllowed(visit.request.Header("Origin"), host, visit.secure, origins_)) {
    return ErrorAnswer(403, "origin_not_allowed", "pages of this origin may not connect; see --allow-origin");
  }
  return std::nullopt;
}

HttpHeaders Access::PageHeaders(const Visit& visit) const {
  const std::string_view origin = visit.request.Header("Origin");
  if (origins_.empty() || origin.empty()) return {};
  return {{"Access-Control-Allow-Origin", std::string(origin)}, {"Vary", "Origin"}};
}

std::optional<HttpResponse> Access::CheckApiKey(const Visit& visit) const {
  if (open_to_sessions_) return std::nullopt;
  if (api_key_.empty()) {
    return ErrorAnswer(403, "no_api_key",
                       "this server has no API key: sign tokens with its token key and connect with them");
  }
  const std::string given = AuthorizationOf(visit.request);
  if (given.empty()) return Unauthorised("api_key_missing", "sessions need 'Authorization: Bearer API-KEY'");
  if (!SameSecret(given, api_key_)) return Unauthorised("api_key_wrong", "this is not the API key of this server");
  return std::nullopt;
}

std::variant<Access::Pass, HttpResponse> Access::CheckStream(
    const Visit& visit, int64_t now_s, const std::function<bool(const std::string& session)>& was_connected) {
  const std::string asked(visit.target.Query("session"));
  if (!needs_token()) return Pass{asked, "", 0, "", !asked.empty() && was_connected(asked)};
  const std::string token = BearerOf(visit.request);
  if (token.empty()) {
    return Unauthorised("token_missing",
                        "a token is needed: subprotocol 'bearer.TOKEN' or 'Authorization: Bearer TOKEN'");
  }
  const auto any_time = VerifyToken(token, keys_, {now_s, long_tokens_, /*expired_too=*/true});
  if (!any_time.ok()) return Unauthorised("token_invalid", any_time.error().message());
  const TokenClaims& claims = any_time.value();
  if (!asked.empty() && !claims.session.empty() && claims.session != asked) {
    return ErrorAnswer(403, "token_of_another_session", "the token is for another session");
  }
  Pass pass{asked.empty() ? claims.session : asked, claims.avatar, claims.max_s, "token of " + claims.subject, false};
  if (pass.session.empty() && !long_tokens_) {
    if (const auto own = opened_.find(HashOf(token)); own != opened_.end()) pass.session = own->second;
  }
  if (!pass.session.empty() && was_connected(pass.session)) {
    pass.only_resume = true;
    return pass;
  }
  if (claims.expires_s <= now_s) return Unauthorised("token_expired", "the token has expired");
  const bool lasting = long_tokens_ && claims.expires_s - claims.issued_s > kTokenSeconds;
  if (!lasting && !used_.Use(token, claims.expires_s, now_s)) {
    return Unauthorised("token_used", "the token has been used before");
  }
  return pass;
}

void Access::Opened(const Visit& visit, const std::string& session,
                    const std::function<bool(const std::string& session)>& is_open) {
  if (!needs_token()) return;
  std::erase_if(opened_, [&is_open](const auto& entry) { return !is_open(entry.second); });
  opened_[HashOf(BearerOf(visit.request))] = session;
}

std::optional<HttpResponse> Access::CheckWatch(const Visit& visit, const std::string& session, int64_t now_s) const {
  if (!needs_token()) return std::nullopt;
  std::string token = BearerOf(visit.request);
  if (token.empty()) token = std::string(visit.target.Query("token"));
  if (!api_key_.empty() && SameSecret(token, api_key_)) return std::nullopt;
  const auto claims = VerifyToken(token, keys_, {now_s, long_tokens_});
  if (!claims.ok()) return Unauthorised("token_invalid", claims.error().message());
  if (claims.value().session != session) {
    return ErrorAnswer(403, "token_of_another_session", "the token is for another session");
  }
  return std::nullopt;
}

std::string Access::Sign(const std::string& session, const std::string& avatar, int64_t now_s) const {
  if (!needs_token()) return {};
  TokenClaims claims;
  claims.session = session;
  claims.avatar = avatar;
  claims.issued_s = now_s;
  claims.expires_s = now_s + kTokenSeconds;
  return SignToken(claims, keys_.front());
}

}  // namespace lips
