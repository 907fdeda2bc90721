#include "server/settings.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "composite/label.h"
#include "net/listener.h"
#include "server/origin.h"

namespace lips {
namespace {

using S = ServeSettings;

Error WrongValue(const SettingKey& key, const std::string& expected, const Json& found) {
  return Error(ErrorCode::kInvalidInput,
               std::string("'") + key.name + "' must be " + expected + ", not " + found.Dump(/*compact=*/true));
}

// A number as people write it: without a fraction where there is none.
std::string NumberText(double value) {
  if (value == std::floor(value)) return std::to_string(static_cast<int64_t>(value));
  std::string text = std::to_string(value);
  while (text.ends_with('0')) text.pop_back();
  return text;
}

std::string RangeText(const SettingKey& key) {
  return "a number of " + NumberText(key.least) + " to " + NumberText(key.most);
}

bool IsWithin(const SettingKey& key, double value) { return value >= key.least && value <= key.most; }

struct Assign {
  const SettingKey& key;
  const Json& value;
  S& settings;

  Status operator()(std::string S::*member) const {
    if (!value.is_string()) return WrongValue(key, "text", value);
    settings.*member = value.as_string();
    return {};
  }
  Status operator()(int S::*member) const {
    if (!value.is_int() || !IsWithin(key, value.as_double())) return WrongValue(key, RangeText(key), value);
    settings.*member = static_cast<int>(value.as_int());
    return {};
  }
  Status operator()(double S::*member) const {
    if (!value.is_number() || !IsWithin(key, value.as_double())) return WrongValue(key, RangeText(key), value);
    settings.*member = value.as_double();
    return {};
  }
  Status operator()(bool S::*member) const {
    if (!value.is_bool()) return WrongValue(key, "true or false", value);
    settings.*member = value.as_bool();
    return {};
  }
  Status operator()(std::vector<std::string> S::*member) const {
    std::vector<std::string> list;
    if (value.is_string()) list.push_back(value.as_string());
    for (const Json& element : value.array()) {
      if (!element.is_string()) return WrongValue(key, "a list of texts", value);
      list.push_back(element.as_string());
    }
    if (!value.is_string() && !value.is_array()) return WrongValue(key, "a list of texts", value);
    settings.*member = std::move(list);
    return {};
  }
};

// A generator asks nobody who they are and encrypts nothing, so what would promise that is refused.
Status CheckGenerator(const S& settings) {
  const std::string here = "a generator has no keys, no TLS and no admin port";
  if (!settings.label.empty()) {
    return Error(ErrorCode::kInvalidInput, "a generator makes mouths, not pictures: give --label to who composites");
  }
  if (!settings.tls_cert.empty() || !settings.tls_key.empty() || !settings.token_key.empty() ||
      !settings.api_key.empty() || settings.admin_port != 0) {
    return Error(ErrorCode::kInvalidInput, here + ": leave those settings out");
  }
  if (!settings.cache_memory.empty()) RETURN_IF_ERROR(ParseByteSize(settings.cache_memory));
  if (settings.insecure || IsLoopback(settings.bind)) return {};
  return Error(ErrorCode::kInvalidInput,
               here + ", so listening on " + settings.bind +
                   ", which other machines can reach, needs --insecure and a network that only they are in");
}

}  // namespace

SessionLimits ServeSettings::Limits() const {
  SessionLimits limits;
  limits.idle_ms = idle_seconds * 1000;
  limits.session_ms = session_minutes * 60'000;
  limits.resume_ms = resume_seconds * 1000;
  return limits;
}

const std::vector<SettingKey>& SettingKeys() {
  static const std::vector<SettingKey> keys = {
      {"role", &S::role,
       "live: the page and live sessions; generator: one avatar's network for --engine remote=HOST:PORT on other "
       "hosts"},
      {"avatars", &S::avatars, "a package, a pack, or a folder of them; each is served under its folder's name"},
      {"bind", &S::bind, "numeric address to listen on"},
      {"port", &S::port, "port to listen on; 0: any free one", 0, 65535},
      {"admin_port", &S::admin_port, "port on 127.0.0.1 for /admin (drain, load and unload avatars); 0: none", 0,
       65535},
      {"tls_cert", &S::tls_cert, "certificate with its chain (PEM): serve https and wss"},
      {"tls_key", &S::tls_key, "its private key (PEM)"},
      {"token_key", &S::token_key, "file of lines 'ID SECRET': sessions need a token signed (HS256) by one of them"},
      {"api_key", &S::api_key, "file with the key that POST /v1/sessions must bring"},
      {"long_tokens", &S::long_tokens, "accept tokens that live longer than 60 s, and more than once"},
      {"allow_origin", &S::allow_origin, "origin of other pages that may connect, such as https://example.com; *: any"},
      {"insecure", &S::insecure, "listen beyond this machine though there is no token or no TLS"},
      {"web", &S::web, "folder to serve the page from, instead of the one built in"},
      {"samples", &S::samples, "folder of WAV files the page offers; default: those that come with the program"},
      {"engine", &S::engine,
       "what runs the networks: auto (cuda where a device is, else cpu), cpu, cuda, ort, reference, null, "
       "remote=HOST:PORT"},
      {"provider", &S::provider, "ONNX Runtime's device: cpu, cuda, tensorrt"},
      {"precision", &S::precision,
       "numbers the engine computes in: auto, f32 (not of cuda); bf16, int8 (of cpu); f16 (of cuda and ort)"},
      {"threads", &S::threads, "compute threads; 0: one per core", 0, 1024},
      {"no_proof", &S::no_proof, "skip the check of the engine against the reference on first use of a model"},
      {"cache_memory", &S::cache_memory,
       "memory for template frames of each avatar (500M, 2G), the device's where engine cuda runs; default: by what is "
       "available"},
      {"composite", &S::composite, "how the mouth joins its frame: natural, compatible"},
      {"feather", &S::feather, "how softly, of natural compositing: share of the face the mask fades over", kMinFeather,
       kMaxFeather},
      {"rest", &S::rest,
       "what silence shows: template (as it is, where its own mouth is at rest), network, auto (as the avatar says)"},
      {"label", &S::label, "line of text that is burnt into every picture, beside the face"},
      {"label_position", &S::label_position,
       "where it stands: auto, bottom-left, bottom-right, bottom, top-left, top-right, top"},
      {"label_font", &S::label_font, "font file (.ttf, .otf) of the label; default: one of this machine's"},
      {"sessions", &S::sessions, "sessions at once, whatever the machine could do", 1, 100000},
      {"admit_all", &S::admit_all, "admit sessions beyond what was measured to be possible (for load tests)"},
      {"headroom", &S::headroom, "share of the measured speed that is given to sessions", 0.1, 1},
      {"duty", &S::duty, "share of the time sessions speak: below 1 more are admitted than can speak at once", 0.05, 1},
      {"connect_rate", &S::connect_rate, "connects a second from one address; 0: any number", 0, 100000},
      {"key_sessions", &S::key_sessions,
       "sessions at once of the API key, or of the tokens with one 'sub'; 0: any number", 0, 100000},
      {"idle_seconds", &S::idle_seconds, "a session without any message for so long ends", 1, 86400},
      {"session_minutes", &S::session_minutes, "a session ends after so long", 1, 10000},
      {"resume_seconds", &S::resume_seconds, "a session waits for its lost client for so long", 0, 3600},
      {"drain_seconds", &S::drain_seconds, "on SIGTERM sessions get so long to end", 0, 3600},
  };
  return keys;
}

Status ApplyConfig(std::string_view json, ServeSettings& settings) {
  ASSIGN_OR_RETURN(const Json object, ParseJson(json));
  if (!object.is_object()) return Error(ErrorCode::kInvalidInput, "expected a JSON object of settings");
  for (const auto& [name, value] : object.members()) {
    const auto& keys = SettingKeys();
    const auto key = std::ranges::find_if(keys, [wanted = &name](const SettingKey& k) { return k.name == *wanted; });
    if (key == keys.end()) {
      std::vector<std::string> known;
      for (const SettingKey& k : keys) known.emplace_back(k.name);
      const std::string nearest = Nearest(name, known);
      return Error(ErrorCode::kInvalidInput,
                   "unknown key '" + name + "'" + (nearest.empty() ? "" : " (did you mean '" + nearest + "'?)"));
    }
    RETURN_IF_ERROR(std::visit(Assign{*key, value, settings}, key->member));
  }
  return {};
}

Status ApplyConfigFile(const Path& path, ServeSettings& settings) {
  auto text = ReadTextFile(path, 1 << 20);
  if (!text.ok()) return std::move(text).TakeError().Within("configuration");
  if (auto status = ApplyConfig(text.value(), settings); !status.ok()) {
    return std::move(status).TakeError().Within("configuration '" + path.string() + "'");
  }
  return {};
}

Status CheckServeSettings(const ServeSettings& settings) {
  const auto fault = [](const std::string& what) { return Error(ErrorCode::kInvalidInput, what); };
  if (settings.role != kRoleLive && settings.role != kRoleGenerator) {
    return fault("'role' must be live or generator, not '" + settings.role + "'");
  }
  if (settings.avatars.empty()) return fault("nothing to serve: give --avatars FOLDER");
  if (settings.role == kRoleGenerator) return CheckGenerator(settings);
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    return fault("TLS needs both --tls-cert and --tls-key, found only one of them");
  }
  for (const std::string& origin : settings.allow_origin) {
    if (origin != "*" && !ParseOrigin(origin)) {
      return fault("'" + origin + "' is no origin such as https://example.com");
    }
  }
  if (!settings.cache_memory.empty()) RETURN_IF_ERROR(ParseByteSize(settings.cache_memory));
  RETURN_IF_ERROR(ParseLabelPlace(settings.label_position));
  if (settings.label.empty() && (settings.label_position != "auto" || !settings.label_font.empty())) {
    return fault("a label's position or font without its text: give --label TEXT");
  }
  if (settings.insecure || IsLoopback(settings.bind)) return {};
  std::string missing;
  if (settings.token_key.empty() && settings.api_key.empty()) missing = "a token (--token-key or --api-key)";
  if (settings.tls_cert.empty()) missing += std::string(missing.empty() ? "" : " and ") + "TLS (--tls-cert, --tls-key)";
  if (missing.empty()) return {};
  return fault("listening on " + settings.bind + ", which other machines can reach, needs " + missing +
               "; add it, or --insecure if something in front of this server does that");
}

}  // namespace lips
