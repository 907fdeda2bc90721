// The live protocol's conformance fixture against our C++: the same file that tests/web/conformance.test.mjs reads.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "live/client_event.h"
#include "live/media_message.h"
#include "live/server_event.h"

namespace lips {
namespace {

const Json& Fixture() {
  static const Json kFixture = [] {
    const Result<std::string> text = ReadTextFile(LIPSTREAM_CONFORMANCE_FIXTURE);
    EXPECT_TRUE(text.ok()) << text.error().message();
    auto json = ParseJson(text.ok() ? text.value() : "{}");
    EXPECT_TRUE(json.ok()) << json.error().message();
    return json.ok() ? std::move(json).value() : Json();
  }();
  return kFixture;
}

const Json::Array& Cases(const char* list) {
  const Json* cases = Fixture().Find(list);
  EXPECT_TRUE(cases != nullptr && !cases->array().empty()) << list << " is missing";
  static const Json::Array kNone;
  return cases != nullptr ? cases->array() : kNone;
}

std::string TextOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_string() : std::string();
}

std::vector<uint8_t> BytesOf(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

MediaHeader HeaderOf(const Json& fields) {
  const auto number = [&fields](const char* key) { return fields.Find(key)->as_int(); };
  return {.kind = static_cast<MediaKind>(number("kind")),
          .codec = static_cast<MediaCodec>(number("codec")),
          .flags = static_cast<uint16_t>(number("flags")),
          .seq = static_cast<uint32_t>(number("seq")),
          .utterance = static_cast<uint32_t>(number("utterance")),
          .pts_us = number("pts_us"),
          .x = static_cast<uint16_t>(number("x")),
          .y = static_cast<uint16_t>(number("y")),
          .w = static_cast<uint16_t>(number("w")),
          .h = static_cast<uint16_t>(number("h")),
          .template_frame = static_cast<uint32_t>(number("template_frame")),
          .server_latency_us = static_cast<uint32_t>(number("server_latency_us"))};
}

TEST(LipsyncV1, MediaMessagesAreReadAsTheFixtureSays) {
  for (const Json& one : Cases("media")) {
    SCOPED_TRACE(TextOf(one, "name"));
    const std::vector<uint8_t> bytes = BytesOf(TextOf(one, "hex"));
    const std::vector<uint8_t> payload = BytesOf(TextOf(one, "payload_hex"));
    const auto media = DecodeMedia(bytes);
    ASSERT_TRUE(media.ok()) << media.error().message();
    EXPECT_EQ(media.value().header, HeaderOf(*one.Find("header")));
    EXPECT_EQ(std::vector<uint8_t>(media.value().payload.begin(), media.value().payload.end()), payload);
  }
}

TEST(LipsyncV1, HeadersAreWrittenAsTheFixtureSays) {
  for (const Json& one : Cases("media")) {
    SCOPED_TRACE(TextOf(one, "name"));
    const std::vector<uint8_t> bytes = BytesOf(TextOf(one, "hex"));
    const size_t payload = TextOf(one, "payload_hex").size() / 2;
    if (bytes.size() - payload != kMediaHeaderBytes) continue;  // a later version's
    const auto header = EncodeMediaHeader(HeaderOf(*one.Find("header")));
    EXPECT_EQ(std::vector<uint8_t>(header.begin(), header.end()),
              std::vector<uint8_t>(bytes.begin(), bytes.begin() + kMediaHeaderBytes));
  }
}

TEST(LipsyncV1, BrokenMediaMessagesAreRefused) {
  for (const Json& one : Cases("bad_media")) {
    SCOPED_TRACE(TextOf(one, "name"));
    const auto media = DecodeMedia(BytesOf(TextOf(one, "hex")));
    ASSERT_FALSE(media.ok());
    EXPECT_EQ(media.error().code(), ErrorCode::kCorrupted);
  }
}

// Which type ClientEvent::body holds, as the protocol calls it.
struct TypeName {
  std::string operator()(const SessionUpdateEvent& /*event*/) const { return "session.update"; }
  std::string operator()(const AppendAudioEvent& /*event*/) const { return "input_audio.append"; }
  std::string operator()(const CommitAudioEvent& /*event*/) const { return "input_audio.commit"; }
  std::string operator()(const ClearAudioEvent& /*event*/) const { return "input_audio.clear"; }
  std::string operator()(const PlaybackReportEvent& /*event*/) const { return "playback.report"; }
  std::string operator()(const KeyframeRequestEvent& /*event*/) const { return "keyframe.request"; }
  std::string operator()(const ResumeEvent& /*event*/) const { return "session.resume"; }
  std::string operator()(const PingEvent& /*event*/) const { return "ping"; }
  std::string operator()(const CloseEvent& /*event*/) const { return "session.close"; }
};

TEST(LipsyncV1, ClientEventsAreUnderstood) {
  for (const Json& one : Cases("client_events")) {
    SCOPED_TRACE(TextOf(one, "text"));
    const auto event = ParseClientEvent(TextOf(one, "text"), SessionLimits());
    const auto* error = std::get_if<ProtocolError>(&event);
    ASSERT_EQ(error, nullptr) << error->message;
    EXPECT_EQ(std::visit(TypeName(), std::get<ClientEvent>(event).body), TextOf(one, "type"));
  }
}

TEST(LipsyncV1, BadClientEventsGetTheirErrors) {
  for (const Json& one : Cases("bad_client_events")) {
    SCOPED_TRACE(TextOf(one, "name"));
    const auto event = ParseClientEvent(TextOf(one, "text"), SessionLimits());
    const auto* error = std::get_if<ProtocolError>(&event);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code, TextOf(one, "code"));
    EXPECT_EQ(error->fatal, one.Find("fatal")->as_bool());
  }
}

// The server's event that the fixture's first one of `type` describes, written anew.
Json Rewritten(const Json& fixture) {
  const auto number = [&fixture](const char* key) { return fixture.Find(key)->as_int(); };
  const auto real = [&fixture](const char* key) { return fixture.Find(key)->as_double(); };
  const std::string type = TextOf(fixture, "type");
  if (type == "utterance.started") {
    return ToJson(ServerEvent(UtteranceStartedEvent{static_cast<uint32_t>(number("utterance")), number("start_sample"),
                                                    number("first_pts_us")}));
  }
  if (type == "input_audio.ack") {
    return ToJson(ServerEvent(AudioAckEvent{number("samples"), number("buffered_ms")}));
  }
  if (type == "utterance.done") {
    UtteranceDoneEvent event;
    event.utterance = static_cast<uint32_t>(number("utterance"));
    event.frames_sent = number("frames_sent");
    event.frames_dropped = number("frames_dropped");
    event.audio_samples = number("audio_samples");
    event.last_pts_us = number("last_pts_us");
    event.interrupted = fixture.Find("interrupted")->as_bool();
    event.playback_position_ms = number("playback_position_ms");
    event.first_frame_ms = real("first_frame_ms");
    event.p50_ms = real("p50_ms");
    event.p99_ms = real("p99_ms");
    return ToJson(ServerEvent(event));
  }
  if (type == "output.cleared") {
    return ToJson(ServerEvent(
        OutputClearedEvent{static_cast<uint32_t>(number("utterance")), number("cut_pts_us"), number("audio_end_ms")}));
  }
  if (type == "warning") {
    return ToJson(ServerEvent(WarningEvent{TextOf(fixture, "code"), TextOf(fixture, "detail")}));
  }
  if (type == "session.updated") {
    SessionUpdatedEvent event;
    const auto change = ParseSettings(fixture);
    EXPECT_TRUE(std::holds_alternative<SettingsChange>(change));
    event.settings.avatar = TextOf(fixture, "avatar");
    EXPECT_FALSE(ApplyChange(std::get<SettingsChange>(change), false, false, event.settings).has_value());
    return ToJson(ServerEvent(event));
  }
  if (type == "stats") {
    StatsEvent event;
    event.frames_sent = number("frames_sent");
    event.frames_dropped = number("frames_dropped");
    event.frames_late = number("frames_late");
    event.frames_repeated = number("frames_repeated");
    event.buffered_ms = number("buffered_ms");
    event.p50_ms = real("p50_ms");
    event.p99_ms = real("p99_ms");
    event.client_dropped = number("client_dropped");
    return ToJson(ServerEvent(event));
  }
  if (type == "session.draining") return ToJson(ServerEvent(SessionDrainingEvent{number("deadline_ms")}));
  if (type == "session.expiring") return ToJson(ServerEvent(SessionExpiringEvent{number("deadline_ms")}));
  if (type == "pong") return ToJson(ServerEvent(PongEvent{*fixture.Find("t"), number("server_us")}));
  if (type == "error") {
    const Json& error = *fixture.Find("error");
    ProtocolError event;
    event.type = TextOf(error, "type");
    event.code = TextOf(error, "code");
    event.message = TextOf(error, "message");
    event.param = TextOf(error, "param");
    event.event_id = TextOf(error, "event_id");
    event.fatal = fixture.Find("fatal")->as_bool();
    return ToJson(ServerEvent(event));
  }
  if (type == "session.closed") {
    const Json& totals = *fixture.Find("totals");
    const auto total = [&totals](const char* key) { return totals.Find(key)->as_int(); };
    SessionClosedEvent event;
    event.reason = TextOf(fixture, "reason");
    event.frames_sent = total("frames_sent");
    event.frames_dropped = total("frames_dropped");
    event.frames_late = total("frames_late");
    event.frames_repeated = total("frames_repeated");
    event.audio_samples = total("audio_samples");
    event.utterances = total("utterances");
    event.interruptions = total("interruptions");
    event.client_dropped = total("client_dropped");
    return ToJson(ServerEvent(event));
  }
  return {};
}

// Every member of `part` is in `whole` with the same value; `whole` may have more (versions only add).
void ExpectWithin(const Json& part, const Json& whole) {
  for (const auto& [key, value] : part.members()) {
    const Json* found = whole.Find(key);
    ASSERT_NE(found, nullptr) << key;
    if (value.is_object()) {
      ExpectWithin(value, *found);
    } else if (value.is_number() && !value.is_int()) {
      EXPECT_DOUBLE_EQ(value.as_double(), found->as_double()) << key;
    } else {
      EXPECT_EQ(value.Dump(true), found->Dump(true)) << key;
    }
  }
}

TEST(LipsyncV1, ServerEventsAreWrittenAsTheFixtureSays) {
  for (const Json& one : Cases("server_events")) {
    const std::string type = TextOf(one, "type");
    SCOPED_TRACE(type);
    if (type == "session.created") continue;  // below
    const Json written = Rewritten(one);
    ASSERT_TRUE(written.is_object()) << "the fixture has an event this test does not know";
    ExpectWithin(one, written);
  }
}

TEST(LipsyncV1, ANewSessionIsAnnouncedAsTheFixtureSays) {
  const Json& one = Cases("server_events").front();
  ASSERT_EQ(TextOf(one, "type"), "session.created");
  SessionCreatedEvent event;
  event.session_id = TextOf(one, "session_id");
  event.resume_token = TextOf(one, "resume_token");
  event.expires_ms = one.Find("expires_ms")->as_int();
  event.avatar.id = "anna";
  event.avatar.name = "Anna";
  event.avatar.width = event.settings.width = 1280;
  event.avatar.height = event.settings.height = 720;
  event.avatar.fps = {25, 1};
  event.avatar.frames = 523;
  event.avatar.patch_max_w = event.avatar.patch_max_h = 204;
  event.avatar.background_version = "00112233";
  event.avatar.label = "AI-generated";
  event.avatar.label_area = {14, 656, 300, 50};
  event.settings.mode = VideoMode::kH264;
  event.settings.fps = {30000, 1001};
  ExpectWithin(one, ToJson(ServerEvent(event)));
}

TEST(LipsyncV1, ConnectionsEndWithTheFixturesCodes) {
  const std::vector<std::pair<const char*, CloseCode>> codes = {
      {"bad_text", CloseCode::kBadText}, {"too_big", CloseCode::kTooBig},         {"internal", CloseCode::kInternal},
      {"restart", CloseCode::kRestart},  {"overload", CloseCode::kOverload},      {"bad_hello", CloseCode::kBadHello},
      {"auth", CloseCode::kAuth},        {"forbidden", CloseCode::kForbidden},    {"no_avatar", CloseCode::kNoAvatar},
      {"idle", CloseCode::kIdle},        {"resumed", CloseCode::kResumed},        {"time_limit", CloseCode::kTimeLimit},
      {"rate", CloseCode::kRate},        {"slow_client", CloseCode::kSlowClient},
  };
  const Json* fixture = Fixture().Find("close_codes");
  ASSERT_NE(fixture, nullptr);
  EXPECT_EQ(fixture->members().size(), codes.size());
  for (const auto& [name, code] : codes) {
    ASSERT_NE(fixture->Find(name), nullptr) << name;
    EXPECT_EQ(fixture->Find(name)->as_int(), static_cast<int>(code)) << name;
  }
}

}  // namespace
}  // namespace lips
