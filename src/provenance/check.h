// Whether a video is what its signed manifest says it is.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "provenance/manifest.h"

namespace lips {

// Where a video's manifest lies: beside it, under its name with ".provenance.json" behind.
Path ProvenancePath(const Path& video);

// Hashes the finished file, signs, and writes the manifest beside it, atomically. `claim.file...` are filled in.
// Errors: kIo and those of signing.
Status WriteProvenance(const Path& video, ProvenanceClaim claim, const SigningKey& key);

struct ProvenanceCheck {
  std::string problem;                         // one sentence; empty when all is right
  std::optional<ProvenanceManifest> manifest;  // where it could be read
  std::string fingerprint;                     // of the key it is signed with
  bool trusted = false;                        // ... which is the one expected

  bool ok() const { return problem.empty(); }
};

// The manifest beside `video` (or `manifest`) against the video and, when given, the key that it must be signed with.
// Without one the manifest's own key is taken: that proves that nobody changed it since, not who signed. Errors: kIo
// when the video or the expected key cannot be read; whatever is wrong with the manifest is a problem.
Result<ProvenanceCheck> CheckProvenance(const Path& video, const std::optional<Path>& manifest,
                                        const VerifyingKey* expected);

}  // namespace lips
