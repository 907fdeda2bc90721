#include "render/sign.h"

#include <utility>

#include "base/version.h"
#include "provenance/check.h"
#include "render/render.h"

namespace lips {

Status SignRender(const SignOptions& options, const SigningKey& key, const RenderReport& report) {
  ProvenanceClaim claim;
  claim.generator = "lipstream " + std::string(Version());
  claim.time = options.time;
  claim.avatar = report.avatar_name;
  claim.avatar_sha256 = report.avatar_sha256;
  claim.model_sha256 = report.model_sha256;
  claim.audio_encoder_sha256 = report.encoder_sha256;
  claim.features_sha256 = report.features_sha256;
  claim.audio_sha256 = report.audio_sha256;
  claim.consent = options.consent;
  return WriteProvenance(report.video, std::move(claim), key);
}

}  // namespace lips
