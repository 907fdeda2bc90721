// Tokens from outside: any bytes are verified or refused, and none but a rightly signed one is accepted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/hmac.h"
#include "server/token.h"

namespace {

std::string Url(std::string_view text) {
  return lips::EncodeBase64({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, lips::Base64::kUrl);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lips::TokenKey key{"k", std::string(32, 's')};
  const lips::TokenRules rules{1'700'000'000, false, false};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // As it came; a fuzzer does not find a signature.
  if (lips::VerifyToken(text, {key}, rules).ok() && text.find('.') == std::string_view::npos) std::abort();
  // As header and body under a right signature, so that what lies behind it is reached.
  const size_t cut = text.find('\n');
  if (cut == std::string_view::npos) return 0;
  const std::string content = Url(text.substr(0, cut)) + "." + Url(text.substr(cut + 1));
  const std::string token =
      content + "." + lips::EncodeBase64(lips::HmacSha256(key.secret, content), lips::Base64::kUrl);
  const auto claims = lips::VerifyToken(token, {key}, rules);
  if (claims.ok() && (claims.value().expires_s <= rules.now_s || claims.value().max_s < 0)) std::abort();
  // Under another key it is never accepted.
  if (lips::VerifyToken(token, {{"k", std::string(32, 'x')}}, rules).ok()) std::abort();
  return 0;
}
