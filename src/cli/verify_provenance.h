// lipstream verify --provenance: a video against its signed manifest. Private to this folder.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/app.h"

namespace lips::cli {

struct ProvenanceFlags {
  bool wanted = false;
  std::string key, certificate, manifest;
};
void AddProvenanceFlags(CLI::App& command, ProvenanceFlags& flags);

Result<ExitCode> VerifyProvenance(const ProvenanceFlags& flags, const std::string& video, bool json, bool quiet);

}  // namespace lips::cli
