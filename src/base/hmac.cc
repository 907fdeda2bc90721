#include "base/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <vector>

#include "base/base64.h"

namespace lips {

HmacSha256Code HmacSha256(std::string_view key, std::string_view message) {
  HmacSha256Code code = {};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const uint8_t*>(message.data()),
       message.size(), code.data(), &length);
  return code;
}

bool SameSecret(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RandomName(size_t bytes) {
  std::vector<uint8_t> random(bytes);
  for (size_t done = 0; done < bytes;) {  // never fails for as few bytes, but may be interrupted
    const ssize_t got = ::getrandom(random.data() + done, bytes - done, 0);
    if (got > 0) done += static_cast<size_t>(got);
  }
  return EncodeBase64(random, Base64::kUrl);
}

}  // namespace lips
