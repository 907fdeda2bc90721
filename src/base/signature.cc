#include "base/signature.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/sha256.h"

namespace lips {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;

struct OpenSslDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using BioPtr = std::unique_ptr<BIO, OpenSslDeleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, OpenSslDeleter>;
using CertificatePtr = std::unique_ptr<X509, OpenSslDeleter>;

// OpenSSL would otherwise ask for it on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

bool IsP256(const EVP_PKEY& key) {
  std::array<char, 64> group = {};
  size_t length = 0;
  return EVP_PKEY_get_group_name(&key, group.data(), group.size(), &length) == 1 &&
         std::string_view(group.data(), length) == "prime256v1";
}

// "Ed25519", "ES256", or empty.
std::string_view AlgorithmOf(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_ED25519: return "Ed25519";
    case EVP_PKEY_EC: return IsP256(key) ? "ES256" : "";
    default: return "";
  }
}

const EVP_MD* DigestOf(const EVP_PKEY& key) {  // Ed25519 hashes by itself
  return EVP_PKEY_get_base_id(&key) == EVP_PKEY_EC ? EVP_sha256() : nullptr;
}

Error Unsupported() {
  return Error(ErrorCode::kUnsupported, "is a key of another kind; expected Ed25519 or ECDSA on P-256");
}

const uint8_t* BytesOf(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// A view of `pem`, which outlives it.
BioPtr OpenPem(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

}  // namespace

struct VerifyingKey::State {
  KeyPtr key;
  std::vector<uint8_t> der;

  static Result<std::unique_ptr<State>> Of(KeyPtr key) {
    if (AlgorithmOf(*key).empty()) return Unsupported();
    auto state = std::make_unique<State>();
    uint8_t* bytes = nullptr;
    const int length = i2d_PUBKEY(key.get(), &bytes);
    if (length <= 0) return Error(ErrorCode::kCorrupted, "holds a broken key");
    state->der.assign(bytes, bytes + length);
    OPENSSL_free(bytes);
    state->key = std::move(key);
    return state;
  }
};

VerifyingKey::VerifyingKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
VerifyingKey::VerifyingKey(VerifyingKey&&) noexcept = default;
VerifyingKey& VerifyingKey::operator=(VerifyingKey&&) noexcept = default;
VerifyingKey::~VerifyingKey() = default;

Result<VerifyingKey> VerifyingKey::ReadPem(const Path& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadTextFile(path, kMaxPemBytes));
  KeyPtr key(PEM_read_bio_PUBKEY(OpenPem(pem).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    const CertificatePtr certificate(PEM_read_bio_X509(OpenPem(pem).get(), nullptr, NoPassword, nullptr));
    if (certificate != nullptr) key.reset(X509_get_pubkey(certificate.get()));
  }
  ERR_clear_error();
  const std::string quoted = "'" + path.string() + "'";
  if (key == nullptr) {
    return Error(ErrorCode::kCorrupted, quoted + " holds neither a public key nor a certificate in PEM form");
  }
  auto state = State::Of(std::move(key));
  if (!state.ok()) return Error(state.error().code(), quoted + " " + state.error().message());
  return VerifyingKey(std::move(state).value());
}

Result<VerifyingKey> VerifyingKey::FromDer(std::span<const uint8_t> der) {
  const uint8_t* at = der.data();
  KeyPtr key(der.size() > kMaxPemBytes ? nullptr : d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (key == nullptr || at != der.data() + der.size()) {
    return Error(ErrorCode::kCorrupted, "the public key is broken");
  }
  auto state = State::Of(std::move(key));
  if (!state.ok()) return Error(state.error().code(), "the public key " + state.error().message());
  return VerifyingKey(std::move(state).value());
}

bool VerifyingKey::Verify(std::string_view message, std::span<const uint8_t> signature) const {
  const ContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY* key = state_->key.get();
  const bool good =
      context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, DigestOf(*key), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), BytesOf(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

bool VerifyingKey::SameAs(const VerifyingKey& other) const {
  return EVP_PKEY_eq(state_->key.get(), other.state_->key.get()) == 1;
}
std::string_view VerifyingKey::algorithm() const { return AlgorithmOf(*state_->key); }
const std::vector<uint8_t>& VerifyingKey::der() const { return state_->der; }
std::string VerifyingKey::fingerprint() const { return Sha256Hex(state_->der); }

struct SigningKey::State {
  KeyPtr key;
};

SigningKey::SigningKey(std::unique_ptr<State> state, VerifyingKey verifying)
    : state_(std::move(state)), verifying_(std::move(verifying)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::ReadPem(const Path& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadTextFile(path, kMaxPemBytes));
  auto state = std::make_unique<State>();
  state->key.reset(PEM_read_bio_PrivateKey(OpenPem(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  const std::string quoted = "'" + path.string() + "'";
  if (state->key == nullptr) {
    const bool locked = pem.find("ENCRYPTED") != std::string::npos;
    return Error(ErrorCode::kCorrupted,
                 quoted + (locked ? " is protected by a password; write it out without one (openssl pkey)"
                                  : " holds no private key in PEM form"));
  }
  if (AlgorithmOf(*state->key).empty()) return Error(ErrorCode::kUnsupported, quoted + " " + Unsupported().message());
  // The public half by itself.
  uint8_t* bytes = nullptr;
  const int length = i2d_PUBKEY(state->key.get(), &bytes);
  if (length <= 0) return Error(ErrorCode::kCorrupted, quoted + " holds a broken key");
  auto verifying = VerifyingKey::FromDer({bytes, static_cast<size_t>(length)});
  OPENSSL_free(bytes);
  if (!verifying.ok()) return std::move(verifying).TakeError().Within(quoted);
  return SigningKey(std::move(state), std::move(verifying).value());
}

Result<std::vector<uint8_t>> SigningKey::Sign(std::string_view message) const {
  const ContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY* key = state_->key.get();
  size_t length = 0;
  std::vector<uint8_t> signature;
  bool good = context != nullptr && EVP_DigestSignInit(context.get(), nullptr, DigestOf(*key), nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &length, BytesOf(message), message.size()) == 1;
  if (good) {
    signature.resize(length);
    good = EVP_DigestSign(context.get(), signature.data(), &length, BytesOf(message), message.size()) == 1;
    signature.resize(length);
  }
  ERR_clear_error();
  if (!good) return Error(ErrorCode::kResourceLimit, "OpenSSL cannot sign");
  return signature;
}

}  // namespace lips
