// The signed statement beside a video: what made it, of what, and that it is synthetic. Format: docs/provenance.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/signature.h"

namespace lips {

// IPTC's word for a recording of which a part was generated.
inline constexpr char kCompositeSource[] =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
// ... and for what was generated as a whole: a person who was drawn.
inline constexpr char kGeneratedSource[] = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

struct ProvenanceClaim {
  std::string generator;  // "lipstream 0.4.0"
  std::string time;       // "2026-11-25T19:00:00Z"
  std::string source_type = kCompositeSource;
  std::string file;  // the video's name, without folders
  std::string file_sha256;
  int64_t file_bytes = 0;
  std::string avatar;  // its name
  // Hashes as in a render's report; empty where there is none.
  std::string avatar_sha256, model_sha256, audio_encoder_sha256, features_sha256, audio_sha256;
  std::string consent;  // a note of whoever rendered; may be empty

  bool operator==(const ProvenanceClaim&) const = default;
};

struct ProvenanceManifest {
  ProvenanceClaim claim;
  std::string signed_text;  // what the signature is of: the claim as canonical JSON
  std::string algorithm;
  std::vector<uint8_t> public_key;  // DER
  std::vector<uint8_t> signature;
};

// Errors: kInvalidInput for a note with line breaks or other control characters, or above 2000 bytes.
Status CheckNote(std::string_view note);

// Members sorted by their names' bytes, no white space, integers only: one text for one value (RFC 8785 for names of
// ASCII). Errors: kCorrupted for a number that is no integer.
Result<std::string> CanonicalJson(const Json& json);

// The sidecar's text. Errors: those of signing; kInvalidInput when the claim could not be read back.
Result<std::string> SignedManifest(const ProvenanceClaim& claim, const SigningKey& key);

// Reads it; whether the signature is right is another question. Errors: kCorrupted naming the member, kUnsupported (a
// later format).
Result<ProvenanceManifest> ParseProvenance(std::string_view text);

}  // namespace lips
