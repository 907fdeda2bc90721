// Who may do what: pages by origin, makers of sessions by API key, clients of sessions by token.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"
#include "server/settings.h"
#include "server/token.h"
#include "server/visit.h"

namespace lips {

// One thread at a time.
class Access {
 public:
  // Reads the keys. Without a token key but with an API key tokens are signed by a key made up now. Errors: those of
  // the files.
  static Result<Access> Open(const ServeSettings& settings);

  bool needs_token() const { return !keys_.empty(); }

  // What is wrong with who asks, by Host and Origin; nothing is.
  std::optional<HttpResponse> CheckPage(const Visit& visit) const;
  // Headers that let an allowed page of another origin read the answer.
  HttpHeaders PageHeaders(const Visit& visit) const;

  std::optional<HttpResponse> CheckApiKey(const Visit& visit) const;

  // What a client may do with the token it brought.
  struct Pass {
    std::string session;       // the one it may have; empty: none in particular
    std::string avatar;        // likewise
    int64_t max_s = 0;         // 0: no limit of its own
    std::string key;           // whose sessions are counted together: the token's `sub`; empty: not counted
    bool only_resume = false;  // a used or expired token: only its own session, and only with the resume token
  };
  // `session` is the one that was asked for, or "". `was_connected` tells whether a session has had a connection.
  std::variant<Pass, HttpResponse> CheckStream(const Visit& visit, int64_t now_s,
                                               const std::function<bool(const std::string& session)>& was_connected);
  // A token of no session in particular opened this one, and leads back to it from now on. `is_open` tells which
  // sessions are.
  void Opened(const Visit& visit, const std::string& session,
              const std::function<bool(const std::string& session)>& is_open);
  // For watching a session: a token of it, in a header or the query; it is not used up.
  std::optional<HttpResponse> CheckWatch(const Visit& visit, const std::string& session, int64_t now_s) const;

  // A token for `session`, valid for kTokenSeconds; empty where none is needed.
  std::string Sign(const std::string& session, const std::string& avatar, int64_t now_s) const;

 private:
  std::vector<TokenKey> keys_;
  std::string api_key_;
  bool open_to_sessions_ = true;  // POST /v1/sessions needs nothing
  bool long_tokens_ = false;
  bool local_only_ = false;  // only names of this machine may be used to reach us
  std::vector<std::string> origins_;
  UsedTokens used_;
  std::map<std::string, std::string> opened_;  // by a token's hash: the session it opened, while that is open
};

// The token in "Sec-WebSocket-Protocol: lipsync.v1, bearer.TOKEN" or "Authorization: Bearer TOKEN".
std::string BearerOf(const HttpRequest& request);

}  // namespace lips
