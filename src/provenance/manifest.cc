#include "provenance/manifest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/base64.h"

namespace lips {
namespace {

constexpr char kFormat[] = "lipstream-provenance-1";
constexpr char kActionsLabel[] = "c2pa.actions";
constexpr char kHashLabel[] = "c2pa.hash.data";
constexpr char kInputsLabel[] = "lipstream.inputs";
constexpr char kConsentLabel[] = "lipstream.consent";

Json Assertion(const char* label, Json data) { return Json::Object({{"label", label}, {"data", std::move(data)}}); }

// An input that is there.
void AddInput(Json& inputs, const char* name, const std::string& sha256) {
  if (!sha256.empty()) inputs.Set(name, Json::Object({{"alg", "sha256"}, {"hash", sha256}}));
}

Json ToJson(const ProvenanceClaim& claim) {
  Json inputs = Json::Object();
  AddInput(inputs, "avatar", claim.avatar_sha256);
  AddInput(inputs, "model", claim.model_sha256);
  AddInput(inputs, "audio_encoder", claim.audio_encoder_sha256);
  AddInput(inputs, "features", claim.features_sha256);
  AddInput(inputs, "audio_16k", claim.audio_sha256);
  const Json action = Json::Object({{"action", "c2pa.created"},
                                    {"digitalSourceType", claim.source_type},
                                    {"softwareAgent", claim.generator},
                                    {"when", claim.time}});
  Json::Array assertions = {
      Assertion(kActionsLabel, Json::Object({{"actions", Json::Array{action}}})),
      Assertion(
          kHashLabel,
          Json::Object(
              {{"alg", "sha256"}, {"hash", claim.file_sha256}, {"length", claim.file_bytes}, {"name", claim.file}})),
      Assertion(kInputsLabel, Json::Object({{"avatar_name", claim.avatar}, {"hashes", std::move(inputs)}})),
  };
  if (!claim.consent.empty()) assertions.push_back(Assertion(kConsentLabel, Json::Object({{"note", claim.consent}})));
  return Json::Object(
      {{"format", kFormat}, {"claim_generator", claim.generator}, {"assertions", std::move(assertions)}});
}

Error Wrong(const std::string& member) {
  return Error(ErrorCode::kCorrupted, "'" + member + "' is missing or malformed");
}

// What leads to a member from `json`: names, or the object of an assertion.
const Json* Walk(const Json* json, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (json != nullptr) json = json->Find(name);
  }
  return json;
}

const Json* DataOf(const Json& claim, std::string_view label) {
  const Json* assertions = claim.Find("assertions");
  if (assertions == nullptr) return nullptr;
  for (const Json& assertion : assertions->array()) {
    const Json* name = assertion.Find("label");
    if (name != nullptr && name->as_string() == label) return assertion.Find("data");
  }
  return nullptr;
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsPrintable(std::string_view text) {  // what is shown on a terminal must not steer it
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
}

// Reads members one after the other; the first that is wrong is kept.
class Reader {
 public:
  std::string Text(const std::string& name, const Json* json) {
    if (json == nullptr || json->as_string().empty() || !IsPrintable(json->as_string())) Fail(name);
    return json == nullptr ? std::string() : json->as_string();
  }
  std::string Hash(const std::string& name, const Json* json) {
    const std::string hash = json == nullptr ? std::string() : json->as_string();
    if (!IsSha256(hash)) Fail(name);
    return hash;
  }
  void Fail(const std::string& name) {
    if (status.ok()) status = Wrong(name);
  }
  Status status;
};

Result<ProvenanceClaim> ReadClaim(const Json& json) {
  ProvenanceClaim claim;
  Reader reader;
  claim.generator = reader.Text("claim_generator", json.Find("claim_generator"));
  const Json* actions = Walk(DataOf(json, kActionsLabel), {"actions"});
  if (actions == nullptr || actions->array().size() != 1) return Wrong("c2pa.actions");
  const Json& action = actions->array().front();
  claim.time = reader.Text("when", action.Find("when"));
  claim.source_type = reader.Text("digitalSourceType", action.Find("digitalSourceType"));
  const Json* hash = DataOf(json, kHashLabel);
  if (hash == nullptr) return Wrong("c2pa.hash.data");
  claim.file = reader.Text("name", hash->Find("name"));
  claim.file_sha256 = reader.Hash("hash", hash->Find("hash"));
  const Json* length = hash->Find("length");
  if (length == nullptr || !length->is_int() || length->as_int() < 0) return Wrong("length");
  claim.file_bytes = length->as_int();
  const Json* inputs = DataOf(json, kInputsLabel);
  if (inputs == nullptr) return Wrong("lipstream.inputs");
  claim.avatar = reader.Text("avatar_name", inputs->Find("avatar_name"));
  const std::pair<const char*, std::string*> hashes[] = {{"avatar", &claim.avatar_sha256},
                                                         {"model", &claim.model_sha256},
                                                         {"audio_encoder", &claim.audio_encoder_sha256},
                                                         {"features", &claim.features_sha256},
                                                         {"audio_16k", &claim.audio_sha256}};
  for (const auto& [name, to] : hashes) {
    const Json* input = Walk(inputs, {"hashes", name});
    if (input != nullptr) *to = reader.Hash(name, input->Find("hash"));
  }
  if (const Json* consent = DataOf(json, kConsentLabel)) claim.consent = reader.Text("note", consent->Find("note"));
  if (!reader.status.ok()) return std::move(reader.status).TakeError();
  return claim;
}

// ParseJson bounds the depth.
Result<Json> Sorted(const Json& json) {  // NOLINT(misc-no-recursion)
  if (json.is_array()) {
    Json::Array elements;
    for (const Json& element : json.array()) {
      ASSIGN_OR_RETURN(Json sorted, Sorted(element));
      elements.push_back(std::move(sorted));
    }
    return Json(std::move(elements));
  }
  if (json.is_object()) {
    std::vector<Json::Member> members;
    for (const auto& [name, value] : json.members()) {
      ASSIGN_OR_RETURN(Json sorted, Sorted(value));
      members.emplace_back(name, std::move(sorted));
    }
    std::ranges::sort(members, {}, &Json::Member::first);
    return Json::Object(std::move(members));
  }
  if (json.is_number() && !json.is_int()) {
    return Error(ErrorCode::kCorrupted, "a number is no integer, or beyond 64 bits");
  }
  return json;
}

std::optional<std::vector<uint8_t>> Bytes(const Json* json) {
  if (json == nullptr || !json->is_string()) return std::nullopt;
  return DecodeBase64(json->as_string(), Base64::kStandard);
}

}  // namespace

Status CheckNote(std::string_view note) {
  constexpr size_t kMaxBytes = 2000;
  if (note.size() <= kMaxBytes && IsPrintable(note)) return {};
  return Error(ErrorCode::kInvalidInput, "the note of consent is to be one line of at most " +
                                             std::to_string(kMaxBytes) + " bytes, without control characters");
}

Result<std::string> CanonicalJson(const Json& json) {
  ASSIGN_OR_RETURN(const Json sorted, Sorted(json));
  return sorted.Dump(/*compact=*/true);
}

Result<std::string> SignedManifest(const ProvenanceClaim& claim, const SigningKey& key) {
  const Json json = ToJson(claim);
  if (const auto readable = ReadClaim(json); !readable.ok()) {
    return Error(ErrorCode::kInvalidInput, "cannot sign: " + readable.error().message());
  }
  ASSIGN_OR_RETURN(const std::string text, CanonicalJson(json));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> signature, key.Sign(text));
  const VerifyingKey& verifying = key.verifying();
  return Json::Object({{"claim", json},
                       {"signature", Json::Object({{"algorithm", verifying.algorithm()},
                                                   {"public_key", EncodeBase64(verifying.der(), Base64::kStandard)},
                                                   {"value", EncodeBase64(signature, Base64::kStandard)}})}})
             .Dump() +
         "\n";
}

Result<ProvenanceManifest> ParseProvenance(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  const Json* claim = json.Find("claim");
  if (claim == nullptr || !claim->is_object()) return Wrong("claim");
  const Json* format = claim->Find("format");
  if (format == nullptr || !format->is_string()) return Wrong("format");
  if (format->as_string() != kFormat) {
    return Error(ErrorCode::kUnsupported, "its format is '" + format->as_string() + "'; expected " + kFormat);
  }
  ProvenanceManifest manifest;
  ASSIGN_OR_RETURN(manifest.claim, ReadClaim(*claim));
  ASSIGN_OR_RETURN(manifest.signed_text, CanonicalJson(*claim));
  const Json* signature = json.Find("signature");
  if (signature == nullptr) return Wrong("signature");
  auto key = Bytes(signature->Find("public_key"));
  auto value = Bytes(signature->Find("value"));
  const Json* algorithm = signature->Find("algorithm");
  if (algorithm == nullptr || !algorithm->is_string()) return Wrong("algorithm");
  if (!key || key->empty()) return Wrong("public_key");
  if (!value || value->empty()) return Wrong("value");
  manifest.algorithm = algorithm->as_string();
  manifest.public_key = *std::move(key);
  manifest.signature = *std::move(value);
  return manifest;
}

}  // namespace lips
