// A render's provenance: the signed manifest beside its video.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "base/signature.h"

namespace lips {

struct RenderReport;

struct SignOptions {
  Path key;             // private, PEM
  std::string time;     // "2026-11-25T19:00:00Z"; goes in as it is
  std::string consent;  // a note; may be empty
};

// For the finished file `report.video`. Errors: those of WriteProvenance.
Status SignRender(const SignOptions& options, const SigningKey& key, const RenderReport& report);

}  // namespace lips
