#include "base/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace lips {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Add(std::span<const uint8_t> bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Sha256::Hex() {
  std::array<uint8_t, 32> digest = {};
  EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::string Sha256Hex(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.Add(bytes);
  return hash.Hex();
}

Result<std::string> Sha256OfFile(const Path& path) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(path));
  return Sha256Of(file);
}

Result<std::string> Sha256Of(const FilePart& file) {
  constexpr int64_t kChunk = 1 << 20;
  Sha256 hash;
  std::vector<uint8_t> chunk(static_cast<size_t>(std::min(kChunk, file.size())));
  for (int64_t at = 0; at < file.size(); at += kChunk) {
    const auto piece = std::span(chunk).first(static_cast<size_t>(std::min(kChunk, file.size() - at)));
    RETURN_IF_ERROR(file.Read(at, piece));
    hash.Add(piece);
  }
  return hash.Hex();
}

}  // namespace lips
