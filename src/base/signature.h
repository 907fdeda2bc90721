// Signatures: Ed25519, and ECDSA on P-256 with SHA-256, with keys as OpenSSL's programs write them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// Immutable; any number of threads.
class VerifyingKey {
 public:
  // A PEM file with a public key or a certificate, whose key it then is. Neither the certificate's issuer nor its dates
  // are looked at. Errors: kIo, kCorrupted, kUnsupported (another kind of key).
  static Result<VerifyingKey> ReadPem(const Path& path);
  // The DER form of a public key (X.509 SubjectPublicKeyInfo). Errors: as above.
  static Result<VerifyingKey> FromDer(std::span<const uint8_t> der);
  VerifyingKey(VerifyingKey&&) noexcept;
  VerifyingKey& operator=(VerifyingKey&&) noexcept;
  ~VerifyingKey();

  bool Verify(std::string_view message, std::span<const uint8_t> signature) const;
  bool SameAs(const VerifyingKey& other) const;
  std::string_view algorithm() const;       // "Ed25519" or "ES256"
  const std::vector<uint8_t>& der() const;  // as FromDer takes it
  std::string fingerprint() const;          // SHA-256 of der(), 64 digits

 private:
  friend class SigningKey;
  struct State;
  explicit VerifyingKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class SigningKey {
 public:
  // A PEM file with a private key that no password protects. Errors: kIo, kCorrupted, kUnsupported.
  static Result<SigningKey> ReadPem(const Path& path);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  // Ed25519: 64 bytes, always the same for a message. ES256: DER, different each time. Errors: kResourceLimit.
  Result<std::vector<uint8_t>> Sign(std::string_view message) const;
  const VerifyingKey& verifying() const { return verifying_; }

 private:
  struct State;
  SigningKey(std::unique_ptr<State> state, VerifyingKey verifying);
  std::unique_ptr<State> state_;
  VerifyingKey verifying_;
};

}  // namespace lips
