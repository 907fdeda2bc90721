#include "server/token.h"

#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "base/hmac.h"
#include "base/json.h"
#include "base/sha256.h"

namespace lips {
namespace {

constexpr size_t kMaxToken = 4096;
constexpr size_t kMinSecret = 32;
constexpr size_t kMaxRemembered = 100'000;
constexpr int64_t kClockSkewS = 5;

Error Refused(const std::string& why) { return Error(ErrorCode::kInvalidInput, "the token " + why); }

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<Json> DecodeObject(std::string_view part, const char* name) {
  const auto bytes = DecodeBase64(part, Base64::kUrl);
  if (!bytes) return Refused(std::string("has a ") + name + " that is no base64");
  auto json = ParseJson({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!json.ok() || !json.value().is_object()) return Refused(std::string("has a ") + name + " that is no JSON object");
  return json;
}

std::string TextOf(const Json& object, std::string_view key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_string() : "";
}

// Compares with every key the header allows, however early one fits.
bool SignedByOne(std::string_view content, std::string_view signature, const Json& header,
                 const std::vector<TokenKey>& keys) {
  const auto given = DecodeBase64(signature, Base64::kUrl);
  const Json* id = header.Find("kid");
  bool found = false;
  for (const TokenKey& key : keys) {
    if (id != nullptr && id->as_string() != key.id) continue;
    const HmacSha256Code right = HmacSha256(key.secret, content);
    if (given && SameSecret(right, *given)) found = true;
  }
  return found;
}

Status CheckTimes(const Json& claims, const TokenRules& rules) {
  const Json* issued = claims.Find("iat");
  const Json* expires = claims.Find("exp");
  if (issued == nullptr || !issued->is_int() || expires == nullptr || !expires->is_int()) {
    return Refused("does not say when it was issued (iat) and when it expires (exp)");
  }
  const int64_t iat = issued->as_int();
  const int64_t exp = expires->as_int();
  if (exp <= rules.now_s && !rules.expired_too) return Refused("has expired");
  if (iat > rules.now_s + kClockSkewS) return Refused("was issued in the future");
  if (!rules.long_lived && (iat < 0 || exp > iat + kTokenSeconds)) {
    return Refused("lives longer than " + std::to_string(kTokenSeconds) + " s");
  }
  return {};
}

}  // namespace

Result<std::vector<TokenKey>> LoadTokenKeys(const Path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, 64 << 10));
  std::vector<TokenKey> keys;
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    ++number;
    const auto fault = [&](const std::string& what) {
      return Error(ErrorCode::kInvalidInput, "'" + path.string() + "' line " + std::to_string(number) + ": " + what);
    };
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos || line[start] == '#') continue;
    const size_t id_end = line.find_first_of(" \t\r", start);
    const size_t secret_start = id_end == std::string::npos ? id_end : line.find_first_not_of(" \t\r", id_end);
    if (secret_start == std::string::npos) return fault("expected an id and a secret with a space between them");
    const size_t secret_end = line.find_last_not_of(" \t\r") + 1;
    TokenKey key{line.substr(start, id_end - start), line.substr(secret_start, secret_end - secret_start)};
    if (key.secret.size() < kMinSecret) return fault("the secret has fewer than 32 bytes");
    if (std::ranges::any_of(keys, [&](const TokenKey& other) { return other.id == key.id; })) {
      return fault("the id '" + key.id + "' is there twice");
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty() || keys.size() > 2) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + path.string() + "' holds " + std::to_string(keys.size()) +
                     " keys; expected the current one and, while it is replaced, the one before");
  }
  return keys;
}

std::string SignToken(const TokenClaims& claims, const TokenKey& key) {
  const Json header = Json::Object({{"alg", "HS256"}, {"typ", "JWT"}, {"kid", key.id}});
  Json body = Json::Object({{"iat", claims.issued_s}, {"exp", claims.expires_s}});
  if (!claims.subject.empty()) body.Set("sub", claims.subject);
  if (!claims.session.empty()) body.Set("sid", claims.session);
  if (!claims.avatar.empty()) body.Set("avatar", claims.avatar);
  if (claims.max_s > 0) body.Set("max_s", claims.max_s);
  const std::string content = EncodeBase64(Bytes(header.Dump(/*compact=*/true)), Base64::kUrl) + "." +
                              EncodeBase64(Bytes(body.Dump(/*compact=*/true)), Base64::kUrl);
  return content + "." + EncodeBase64(HmacSha256(key.secret, content), Base64::kUrl);
}

Result<TokenClaims> VerifyToken(std::string_view token, const std::vector<TokenKey>& keys, const TokenRules& rules) {
  if (token.size() > kMaxToken) return Refused("is longer than 4096 bytes");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return Refused("has not three parts");
  }
  ASSIGN_OR_RETURN(const Json header, DecodeObject(token.substr(0, first), "header"));
  if (TextOf(header, "alg") != "HS256") return Refused("is not signed with HS256");
  if (header.Find("crit") != nullptr) return Refused("demands extensions");
  if (!SignedByOne(token.substr(0, second), token.substr(second + 1), header, keys)) {
    return Refused("is not signed by a key of this server");
  }
  ASSIGN_OR_RETURN(const Json body, DecodeObject(token.substr(first + 1, second - first - 1), "body"));
  RETURN_IF_ERROR(CheckTimes(body, rules));
  TokenClaims claims;
  claims.subject = TextOf(body, "sub");
  claims.session = TextOf(body, "sid");
  claims.avatar = TextOf(body, "avatar");
  claims.issued_s = body.Find("iat")->as_int();
  claims.expires_s = body.Find("exp")->as_int();
  if (const Json* max = body.Find("max_s"); max != nullptr) {
    if (!max->is_int() || max->as_int() <= 0) return Refused("has a max_s that is no number of seconds");
    claims.max_s = max->as_int();
  }
  return claims;
}

bool UsedTokens::Use(std::string_view token, int64_t expires_s, int64_t now_s) {
  Forget(now_s);
  if (expires_by_hash_.size() >= kMaxRemembered) return false;
  return expires_by_hash_.emplace(Sha256Hex(Bytes(token)), expires_s).second;
}

void UsedTokens::Forget(int64_t now_s) {
  if (now_s == swept_s_) return;
  swept_s_ = now_s;
  std::erase_if(expires_by_hash_, [now_s](const auto& entry) { return entry.second <= now_s; });
}

}  // namespace lips
