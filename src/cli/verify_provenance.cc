#include "cli/verify_provenance.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <utility>

#include "provenance/check.h"

namespace lips::cli {
namespace {

Json ToJson(const ProvenanceCheck& check) {
  Json json = Json::Object({{"ok", check.ok()}, {"trusted", check.trusted}});
  if (!check.ok()) json.Set("problem", check.problem);
  if (!check.manifest) return json;
  const ProvenanceClaim& claim = check.manifest->claim;
  json.Set("key", Json::Object({{"algorithm", check.manifest->algorithm}, {"sha256", check.fingerprint}}));
  json.Set("claim", Json::Object({{"generator", claim.generator},
                                  {"time", claim.time},
                                  {"source_type", claim.source_type},
                                  {"file", claim.file},
                                  {"avatar", claim.avatar},
                                  {"avatar_sha256", claim.avatar_sha256},
                                  {"model_sha256", claim.model_sha256},
                                  {"audio_encoder_sha256", claim.audio_encoder_sha256},
                                  {"features_sha256", claim.features_sha256},
                                  {"audio_sha256", claim.audio_sha256},
                                  {"consent", claim.consent}}));
  return json;
}

void Print(const ProvenanceCheck& check) {
  const ProvenanceClaim& claim = check.manifest->claim;
  std::printf("ok: made by %s at %s\n", claim.generator.c_str(), claim.time.c_str());
  std::printf("%s\n", claim.source_type == kGeneratedSource ? "synthetic media: generated as a whole"
                                                            : "synthetic media: a recording with a generated mouth");
  const auto row = [](const char* name, const std::string& value) {
    if (!value.empty()) std::printf("  %-14s %s\n", name, value.c_str());
  };
  row("file", claim.file);
  row("avatar", claim.avatar);
  row("consent", claim.consent);
  row("avatar hash", claim.avatar_sha256);
  row("model hash", claim.model_sha256);
  row("encoder hash", claim.audio_encoder_sha256);
  row("features hash", claim.features_sha256);
  row("audio hash", claim.audio_sha256);
  row("signed with", check.manifest->algorithm + " key " + check.fingerprint);
  std::printf("%s\n", check.trusted ? "it is the key expected"
                                    : "the key came with the manifest: compare it, or give --key, to know who signed");
}

}  // namespace

void AddProvenanceFlags(CLI::App& command, ProvenanceFlags& flags) {
  CLI::Option* wanted = command.add_flag("--provenance", flags.wanted,
                                         "check the signed manifest beside a video (VIDEO.provenance.json)");
  CLI::Option* key = command.add_option("--key", flags.key, "public key it must be signed with (PEM)")->needs(wanted);
  command.add_option("--certificate", flags.certificate, "... or a certificate with that key (PEM)")
      ->needs(wanted)
      ->excludes(key);
  command.add_option("--manifest", flags.manifest, "the manifest, where it lies elsewhere")->needs(wanted);
}

Result<ExitCode> VerifyProvenance(const ProvenanceFlags& flags, const std::string& video, bool json, bool quiet) {
  std::optional<VerifyingKey> expected;
  const std::string& file = flags.key.empty() ? flags.certificate : flags.key;
  if (!file.empty()) {
    ASSIGN_OR_RETURN(expected, VerifyingKey::ReadPem(file));
  }
  std::optional<Path> manifest;
  if (!flags.manifest.empty()) manifest = flags.manifest;
  ASSIGN_OR_RETURN(const ProvenanceCheck check, CheckProvenance(video, manifest, expected ? &*expected : nullptr));
  if (json) {
    std::printf("%s\n", ToJson(check).Dump().c_str());
  } else if (check.ok() && !quiet) {
    Print(check);
  }
  if (!check.ok()) std::fprintf(stderr, "not verified: %s\n", check.problem.c_str());
  return check.ok() ? kOk : kNotVerified;
}

}  // namespace lips::cli
