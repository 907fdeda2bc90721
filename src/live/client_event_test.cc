#include "live/client_event.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

ProtocolError ErrorOf(std::string_view text) {
  const auto parsed = ParseClientEvent(text, SessionLimits());
  const auto* error = std::get_if<ProtocolError>(&parsed);
  EXPECT_NE(error, nullptr) << text.substr(0, 100);
  return error != nullptr ? *error : ProtocolError();
}

template <typename Event>
Event EventOf(std::string_view text) {
  const auto parsed = ParseClientEvent(text, SessionLimits());
  const auto* event = std::get_if<ClientEvent>(&parsed);
  EXPECT_NE(event, nullptr) << text;
  const auto* body = event != nullptr ? std::get_if<Event>(&event->body) : nullptr;
  EXPECT_NE(body, nullptr) << text;
  return body != nullptr ? *body : Event();
}

TEST(ClientEvent, UpdatesNameOnlyWhatChanges) {
  const auto event = EventOf<SessionUpdateEvent>(
      R"({"type":"session.update","audio_in":{"format":"pcm_f32le","rate":48000},"video":{"mode":"h264","fps":29.97},
          "pace":"realtime","idle":"client","max_lead_ms":250,"unknown":{"x":[1]}})");
  EXPECT_EQ(event.change.audio_format, PcmFormat::kF32);
  EXPECT_EQ(event.change.audio_rate_hz, 48000);
  EXPECT_EQ(event.change.mode, VideoMode::kH264);
  EXPECT_EQ(event.change.fps, (FrameRate{30000, 1001}));
  EXPECT_EQ(event.change.pace, Pace::kRealtime);
  EXPECT_EQ(event.change.idle, IdleMode::kClient);
  EXPECT_EQ(event.change.max_lead_ms, 250);
  EXPECT_FALSE(event.change.quality.has_value());
  EXPECT_FALSE(event.change.audio_out.has_value());
}

TEST(ClientEvent, AudioComesAsBase64Too) {
  EXPECT_EQ(EventOf<AppendAudioEvent>(R"({"type":"input_audio.append","audio":"AAEC/w=="})").pcm,
            (std::vector<uint8_t>{0, 1, 2, 255}));
  EXPECT_EQ(ErrorOf(R"({"type":"input_audio.append","audio":"AAE"})").code, "bad_base64");
  EXPECT_EQ(ErrorOf(R"({"type":"input_audio.append"})").param, "audio");
}

TEST(ClientEvent, ErrorsNameTheFieldAndTheEvent) {
  const ProtocolError mode = ErrorOf(R"({"type":"session.update","event_id":"e1","video":{"mode":"vhs"}})");
  EXPECT_EQ(mode.param, "video.mode");
  EXPECT_EQ(mode.event_id, "e1");
  EXPECT_EQ(mode.message, "video.mode is 'vhs', expected one of 'patch', 'h264', 'jpeg', 'fmp4', 'raw'");
  EXPECT_FALSE(mode.fatal);
  EXPECT_EQ(ErrorOf(R"({"type":"session.update","video":7})").param, "video");
  EXPECT_EQ(ErrorOf(R"({"type":"session.update","max_lead_ms":"soon"})").param, "max_lead_ms");
  EXPECT_EQ(ErrorOf(R"({"type":"session.update","max_lead_ms":1.5})").param, "max_lead_ms");
  EXPECT_EQ(ErrorOf(R"({"type":"session.update","video":{"fps":0}})").param, "video.fps");
}

TEST(ClientEvent, UnknownTypesAreNoReasonToHangUp) {
  const ProtocolError error = ErrorOf(R"({"type":"session.dance","event_id":"e2"})");
  EXPECT_EQ(error.code, "unknown_type");
  EXPECT_EQ(error.event_id, "e2");
  EXPECT_FALSE(error.fatal);
  EXPECT_FALSE(ErrorOf(R"({})").fatal);
}

TEST(ClientEvent, TextBeyondItsLimitsIsFatal) {
  const std::string large = R"({"type":"ping","t":")" + std::string(65536, 'x') + "\"}";
  EXPECT_EQ(ErrorOf(large).close, CloseCode::kTooBig);
  EXPECT_TRUE(ErrorOf(large).fatal);
  std::string deep = R"({"type":"ping","x":)";
  deep += std::string(16, '[') + std::string(16, ']') + "}";
  EXPECT_EQ(ErrorOf(deep).close, CloseCode::kBadText);
  EXPECT_TRUE(std::holds_alternative<ClientEvent>(
      ParseClientEvent(R"({"type":"ping","x":")" + std::string(100, '[') + "\"}", SessionLimits())));
  for (const char* text : {"", "[]", "7", "{\"type\":", "\xff\xfe", "{}{}"}) {
    EXPECT_TRUE(ErrorOf(text).fatal) << text;
    EXPECT_EQ(ErrorOf(text).close, CloseCode::kBadText);
  }
}

TEST(ClientEvent, ReportsStayWithinWhatCanBeAdded) {
  const auto event = ParseClientEvent(
      R"({"type":"playback.report","pts_us":-5,"buffered_ms":9223372036854775807,"dropped":1e300})", SessionLimits());
  const auto& report = std::get<PlaybackReportEvent>(std::get<ClientEvent>(event).body);
  EXPECT_EQ(report.pts_us, 0);
  EXPECT_EQ(report.buffered_ms, int64_t{1} << 53);
  EXPECT_EQ(report.dropped, int64_t{1} << 53);
}

TEST(ClientEvent, PingsGiveBackWhatTheyBrought) {
  EXPECT_EQ(EventOf<PingEvent>(R"({"type":"ping","t":1.25})").t.Dump(true), "1.25");
  EXPECT_EQ(EventOf<PingEvent>(R"({"type":"ping","t":"a"})").t.Dump(true), "\"a\"");
  EXPECT_TRUE(EventOf<PingEvent>(R"({"type":"ping"})").t.is_null());
  EXPECT_EQ(ErrorOf(R"({"type":"ping","t":{}})").param, "t");
}

TEST(Settings, ChangeTogetherOrNotAtAll) {
  SessionSettings settings;
  SettingsChange change;
  change.quality = 50;
  change.max_lead_ms = 20'000;
  const auto error = ApplyChange(change, false, false, settings);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->message, "max_lead_ms is 20000, expected 0 to 10000");
  EXPECT_EQ(settings.quality, 85);
  change.max_lead_ms = 200;
  EXPECT_FALSE(ApplyChange(change, true, false, settings).has_value());
  EXPECT_EQ(settings.quality, 50);
  change.audio_rate_hz = int64_t{1} << 40;
  EXPECT_EQ(ApplyChange(change, false, false, settings)->param, "audio_in.rate");
}

}  // namespace
}  // namespace lips
