// Manifests of provenance from outside: any bytes are read or refused, none verifies that nobody signed, and what is
// signed has one spelling.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/signature.h"
#include "provenance/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto manifest = lips::ParseProvenance({reinterpret_cast<const char*>(data), size});
  if (!manifest.ok()) return 0;
  const auto again = lips::CanonicalJson(lips::ParseJson(manifest.value().signed_text).value());
  if (!again.ok() || again.value() != manifest.value().signed_text) std::abort();
  if (manifest.value().claim.file_bytes < 0 || manifest.value().claim.file_sha256.size() != 64) std::abort();
  const auto key = lips::VerifyingKey::FromDer(manifest.value().public_key);
  if (!key.ok()) return 0;
  if (key.value().Verify(manifest.value().signed_text + " ", manifest.value().signature)) std::abort();
  static_cast<void>(key.value().Verify(manifest.value().signed_text, manifest.value().signature));
  return 0;
}
