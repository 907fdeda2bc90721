#include "provenance/check.h"

#include <system_error>
#include <utility>

#include "base/sha256.h"

namespace lips {
namespace {

constexpr size_t kMaxManifestBytes = size_t{1} << 20;

std::string Quoted(const Path& path) { return "'" + path.string() + "'"; }

}  // namespace

Path ProvenancePath(const Path& video) { return video.string() + ".provenance.json"; }

Status WriteProvenance(const Path& video, ProvenanceClaim claim, const SigningKey& key) {
  claim.file = video.filename().string();
  ASSIGN_OR_RETURN(claim.file_sha256, Sha256OfFile(video));
  std::error_code failure;
  claim.file_bytes = static_cast<int64_t>(std::filesystem::file_size(video, failure));
  if (failure) return Error(ErrorCode::kIo, "cannot sign " + Quoted(video) + ": " + failure.message());
  ASSIGN_OR_RETURN(const std::string text, SignedManifest(claim, key));
  return WriteFileAtomically(ProvenancePath(video), text);
}

Result<ProvenanceCheck> CheckProvenance(const Path& video, const std::optional<Path>& manifest,
                                        const VerifyingKey* expected) {
  ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(video));
  const Path sidecar = manifest.value_or(ProvenancePath(video));
  ProvenanceCheck check;
  std::error_code ignored;
  if (!std::filesystem::exists(sidecar, ignored)) {
    check.problem = Quoted(video) + " has no manifest: there is no " + Quoted(sidecar);
    return check;
  }
  auto text = ReadTextFile(sidecar, kMaxManifestBytes);
  auto parsed = text.ok() ? ParseProvenance(text.value()) : std::move(text).TakeError();
  if (!parsed.ok()) {
    check.problem = "the manifest " + Quoted(sidecar) + " cannot be read: " + parsed.error().message();
    return check;
  }
  check.manifest = std::move(parsed).value();
  const ProvenanceManifest& found = *check.manifest;
  const auto key = VerifyingKey::FromDer(found.public_key);
  if (!key.ok() || key.value().algorithm() != found.algorithm) {
    check.problem = "the manifest " + Quoted(sidecar) + " has a key that is no " + found.algorithm + " key";
    return check;
  }
  check.fingerprint = key.value().fingerprint();
  if (!key.value().Verify(found.signed_text, found.signature)) {
    check.problem = "the manifest " + Quoted(sidecar) + " was changed after it was signed";
  } else if (expected != nullptr && !expected->SameAs(key.value())) {
    check.problem = "the manifest " + Quoted(sidecar) + " is signed with another key (SHA-256 " + check.fingerprint +
                    "), not the one expected (" + expected->fingerprint() + ")";
  } else if (found.claim.file_sha256 != sha256) {
    check.problem = Quoted(video) + " was changed after it was signed: its SHA-256 is " + sha256 + ", not " +
                    found.claim.file_sha256;
  }
  check.trusted = check.ok() && expected != nullptr;
  return check;
}

}  // namespace lips
