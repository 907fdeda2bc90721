// Tokens that let a client into a session: JSON Web Tokens signed with HS256.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

struct TokenKey {
  std::string id;      // the token's `kid`
  std::string secret;  // at least 32 bytes
};

// One or two keys, the current one first. A file of lines "ID SECRET"; empty lines and lines with # are skipped.
// Errors: kIo; kInvalidInput naming file and line (never the secret).
Result<std::vector<TokenKey>> LoadTokenKeys(const Path& path);

struct TokenClaims {
  std::string subject;    // `sub`: whom it was given to, for logs
  std::string session;    // `sid`: the only session it opens; empty: a new one
  std::string avatar;     // the only avatar it opens; empty: any
  int64_t max_s = 0;      // of the session; 0: the server's limit
  int64_t issued_s = 0;   // `iat`, Unix time
  int64_t expires_s = 0;  // `exp`: until when one may connect with it
};

inline constexpr int64_t kTokenSeconds = 60;  // the longest life of a token unless long ones are allowed

std::string SignToken(const TokenClaims& claims, const TokenKey& key);

struct TokenRules {
  int64_t now_s = 0;         // Unix time
  bool long_lived = false;   // may live longer than kTokenSeconds
  bool expired_too = false;  // for who only asks whose token it was
};

// The claims of a token that is in order: signed with HS256 by one of the keys, issued, and not expired. The signature
// is compared in constant time and before anything else that it covers is used. Errors: kInvalidInput, one sentence.
Result<TokenClaims> VerifyToken(std::string_view token, const std::vector<TokenKey>& keys, const TokenRules& rules);

// Which tokens have been used, so that none opens two connections. One thread at a time.
class UsedTokens {
 public:
  // False when it was used before. It is remembered until it expires; when there are too many the answer is false.
  bool Use(std::string_view token, int64_t expires_s, int64_t now_s);

 private:
  void Forget(int64_t now_s);
  std::map<std::string, int64_t, std::less<>> expires_by_hash_;
  int64_t swept_s_ = 0;
};

}  // namespace lips
