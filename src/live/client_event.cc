#include "live/client_event.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "base/base64.h"

namespace lips {
namespace {

constexpr size_t kMostIdBytes = 128;
constexpr int64_t kMostReported = int64_t{1} << 53;  // what every client's numbers can hold; sums of a few fit

ProtocolError Invalid(std::string param, std::string code, std::string message) {
  ProtocolError error;
  error.param = std::move(param);
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

ProtocolError Fatal(std::string code, std::string message, CloseCode close) {
  ProtocolError error = Invalid({}, std::move(code), std::move(message));
  error.fatal = true;
  error.close = close;
  return error;
}

// How deep arrays and objects nest, whether or not the text is JSON.
int DepthOf(std::string_view text) {
  int depth = 0;
  int most = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      most = std::max(most, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return most;
}

// Reads an object's members; the first one of a wrong type is kept as the error.
class Fields {
 public:
  Fields(const Json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

  std::optional<int64_t> Int(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_number() || (!value->is_int() && std::floor(value->as_double()) != value->as_double())) {
      Fault(key, "a whole number");
      return std::nullopt;
    }
    return value->as_int();
  }

  std::optional<bool> Bool(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_bool()) Fault(key, "true or false");
    return value->as_bool();
  }

  std::optional<std::string> Text(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_string()) {
      Fault(key, "a string");
      return std::nullopt;
    }
    return value->as_string();
  }

  // One of the names of an enumeration's first `N` values.
  template <typename T, size_t N>
  std::optional<T> Choice(std::string_view key, const std::array<T, N>& values) {
    const auto text = Text(key);
    if (!text) return std::nullopt;
    std::string names;
    for (const T value : values) {
      if (Name(value) == *text) return value;
      names += (names.empty() ? "'" : ", '") + std::string(Name(value)) + "'";
    }
    if (!error_) {
      const std::string param = prefix_ + std::string(key);
      error_ = Invalid(param, "unknown_value", param + " is '" + text->substr(0, 40) + "', expected one of " + names);
    }
    return std::nullopt;
  }

  const Json* Object(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || value->is_null()) return nullptr;
    if (value->is_object()) return value;
    Fault(key, "an object");
    return nullptr;
  }

  void Fail(ProtocolError error) {
    if (!error_) error_ = std::move(error);
  }
  std::optional<ProtocolError>& error() { return error_; }

 private:
  void Fault(std::string_view key, std::string_view expected) {
    if (error_) return;
    const std::string param = prefix_ + std::string(key);
    error_ = Invalid(param, "wrong_type", param + " must be " + std::string(expected));
  }

  const Json& object_;
  std::string prefix_;
  std::optional<ProtocolError> error_;
};

void ParseVideo(const Json& video, SettingsChange& change, Fields& parent) {
  Fields fields(video, "video.");
  change.mode = fields.Choice(
      "mode", std::array{VideoMode::kPatch, VideoMode::kH264, VideoMode::kJpeg, VideoMode::kMp4, VideoMode::kRaw});
  change.quality = fields.Int("quality");
  change.bitrate_kbps = fields.Int("bitrate_kbps");
  change.width = fields.Int("width");
  change.height = fields.Int("height");
  if (const Json* fps = video.Find("fps"); fps != nullptr && !fps->is_null()) {
    auto rate = ParseFrameRate(fps->is_string() ? fps->as_string() : fps->Dump(true));
    if (rate.ok()) {
      change.fps = rate.value();
    } else {
      fields.Fail(Invalid("video.fps", "out_of_range", "video.fps: " + rate.error().message()));
    }
  }
  if (fields.error()) parent.Fail(*fields.error());
}

using Body = decltype(ClientEvent::body);
using Parsed = std::variant<Body, ProtocolError>;

// The body, unless a field was wrong.
Parsed Finish(Fields& fields, Body body) {
  if (fields.error()) return *std::move(fields.error());
  return body;
}

Parsed ParseUpdate(const Json& object) {
  auto change = ParseSettings(object);
  if (auto* error = std::get_if<ProtocolError>(&change)) return std::move(*error);
  return Body(SessionUpdateEvent{std::get<SettingsChange>(std::move(change))});
}

Parsed ParseAppend(const Json& object) {
  Fields fields(object, {});
  const auto audio = fields.Text("audio");
  if (!audio && !fields.error()) fields.Fail(Invalid("audio", "missing_field", "audio is missing"));
  AppendAudioEvent event;
  if (audio) {
    if (auto pcm = DecodeBase64(*audio, Base64::kStandard)) {
      event.pcm = *std::move(pcm);
    } else {
      fields.Fail(Invalid("audio", "bad_base64", "audio is not base64 with padding"));
    }
  }
  return Finish(fields, std::move(event));
}

Parsed ParseCommit(const Json& object) {
  Fields fields(object, {});
  CommitAudioEvent event{fields.Text("utterance").value_or("")};
  if (event.utterance.size() > kMostIdBytes) {
    fields.Fail(
        Invalid("utterance", "out_of_range", "utterance is longer than " + std::to_string(kMostIdBytes) + " bytes"));
  }
  return Finish(fields, std::move(event));
}

Parsed ParseReport(const Json& object) {
  Fields fields(object, {});
  PlaybackReportEvent event;
  const auto within = [&fields](const char* key) {
    return std::clamp<int64_t>(fields.Int(key).value_or(0), 0, kMostReported);
  };
  event.pts_us = within("pts_us");
  event.buffered_ms = within("buffered_ms");
  event.dropped = within("dropped");
  return Finish(fields, event);
}

Parsed ParseResume(const Json& object) {
  Fields fields(object, {});
  ResumeEvent event;
  event.token = fields.Text("resume_token").value_or("");
  event.next_sample = fields.Int("next_sample").value_or(0);
  if (event.token.empty()) fields.Fail(Invalid("resume_token", "missing_field", "resume_token is missing"));
  if (event.token.size() > kMostIdBytes)
    fields.Fail(Invalid("resume_token", "out_of_range", "resume_token is too long"));
  if (event.next_sample < 0) fields.Fail(Invalid("next_sample", "out_of_range", "next_sample is negative"));
  return Finish(fields, std::move(event));
}

Parsed ParsePing(const Json& object) {
  const Json* t = object.Find("t");
  const bool plain = t == nullptr || t->is_null() || t->is_number() || (t->is_string() && t->as_string().size() <= 128);
  if (!plain) return Invalid("t", "wrong_type", "t must be a number or a short string");
  return Body(PingEvent{t == nullptr ? Json() : *t});
}

template <typename Event>
Parsed ParseNothing(const Json& /*object*/) {
  return Body(Event());
}

const std::map<std::string_view, Parsed (*)(const Json&)>& Types() {
  static const std::map<std::string_view, Parsed (*)(const Json&)> kTypes = {
      {"session.update", ParseUpdate},
      {"input_audio.append", ParseAppend},
      {"input_audio.commit", ParseCommit},
      {"input_audio.clear", ParseNothing<ClearAudioEvent>},
      {"playback.report", ParseReport},
      {"keyframe.request", ParseNothing<KeyframeRequestEvent>},
      {"session.resume", ParseResume},
      {"ping", ParsePing},
      {"session.close", ParseNothing<CloseEvent>},
  };
  return kTypes;
}

}  // namespace

std::variant<SettingsChange, ProtocolError> ParseSettings(const Json& object) {
  Fields fields(object, {});
  SettingsChange change;
  if (const Json* audio = fields.Object("audio_in")) {
    Fields in(*audio, "audio_in.");
    change.audio_format = in.Choice("format", std::array{PcmFormat::kS16, PcmFormat::kF32});
    change.audio_rate_hz = in.Int("rate");
    if (in.error()) fields.Fail(*in.error());
  }
  if (const Json* video = fields.Object("video")) ParseVideo(*video, change, fields);
  change.audio_out =
      fields.Choice("audio_out", std::array{AudioOut::kNone, AudioOut::kPcmS16, AudioOut::kAac, AudioOut::kOpus});
  change.pace = fields.Choice("pace", std::array{Pace::kRealtime, Pace::kAsap, Pace::kFree});
  change.max_lead_ms = fields.Int("max_lead_ms");
  change.idle = fields.Choice("idle", std::array{IdleMode::kServer, IdleMode::kClient});
  change.silence = fields.Choice("silence", std::array{SilenceMode::kAuto, SilenceMode::kGate, SilenceMode::kKeep});
  change.start_frame = fields.Int("start_frame");
  change.watch = fields.Bool("watch");
  change.composite = fields.Choice("composite", std::array{CompositeMode::kNatural, CompositeMode::kCompatible});
  if (fields.error()) return *std::move(fields.error());
  return change;
}

std::variant<ClientEvent, ProtocolError> ParseClientEvent(std::string_view text, const SessionLimits& limits) {
  if (text.size() > static_cast<size_t>(limits.text_bytes)) {
    return Fatal("too_big",
                 "a text message of " + std::to_string(text.size()) + " bytes; at most " +
                     std::to_string(limits.text_bytes) + " are taken",
                 CloseCode::kTooBig);
  }
  if (DepthOf(text) > limits.json_depth) {
    return Fatal("bad_json", "the message nests deeper than " + std::to_string(limits.json_depth) + " levels",
                 CloseCode::kBadText);
  }
  auto parsed = ParseJson(text);
  if (!parsed.ok()) return Fatal("bad_json", parsed.error().message(), CloseCode::kBadText);
  const Json& object = parsed.value();
  if (!object.is_object()) return Fatal("bad_json", "the message is no JSON object", CloseCode::kBadText);

  ClientEvent event;
  if (const Json* id = object.Find("event_id"); id != nullptr && id->is_string()) {
    event.event_id = id->as_string().substr(0, kMostIdBytes);
  }
  const Json* type = object.Find("type");
  ProtocolError unknown = Invalid("type", "unknown_type", "the message has no type");
  unknown.event_id = event.event_id;
  if (type == nullptr || !type->is_string()) return unknown;
  const auto known = Types().find(type->as_string());
  if (known == Types().end()) {
    unknown.message = "type '" + type->as_string().substr(0, 64) + "' is not known to this server";
    return unknown;
  }
  Parsed body = known->second(object);
  if (auto* error = std::get_if<ProtocolError>(&body)) {
    error->event_id = event.event_id;
    return std::move(*error);
  }
  event.body = std::get<Body>(std::move(body));
  return event;
}

}  // namespace lips
