#include "live/server_event.h"

#include <utility>

namespace lips {
namespace {

Json Typed(const char* type, std::vector<Json::Member> members = {}) {
  members.insert(members.begin(), {"type", type});
  return Json::Object(std::move(members));
}

Json RateOf(FrameRate fps) {
  if (fps.den == 1) return fps.num;
  return std::to_string(fps.num) + "/" + std::to_string(fps.den);
}

Json AudioIn(const SessionSettings& settings) {
  return Json::Object({{"format", Name(settings.audio_format)}, {"rate", settings.audio_rate_hz}});
}

Json Video(const SessionSettings& settings) {
  Json video = Json::Object({{"mode", Name(settings.mode)}});
  if (settings.mode == VideoMode::kH264 || settings.mode == VideoMode::kMp4) video.Set("codec", "avc1.42E01F");
  video.Set("width", settings.width);
  video.Set("height", settings.height);
  video.Set("fps", RateOf(settings.fps));
  video.Set("quality", settings.quality);
  if (settings.bitrate_kbps > 0) video.Set("bitrate_kbps", settings.bitrate_kbps);
  return video;
}

struct Write {
  Json operator()(const SessionCreatedEvent& e) const {
    Json event = Typed("session.created", {{"session_id", e.session_id},
                                           {"protocol", "1.0"},
                                           {"avatar", e.avatar.ToJson()},
                                           {"video", Video(e.settings)},
                                           {"audio_in", AudioIn(e.settings)},
                                           {"settings", ToJson(e.settings)},
                                           {"limits", ToJson(e.limits)},
                                           {"lookahead_ms", kLookaheadMs},
                                           {"resume_token", e.resume_token},
                                           {"expires_ms", e.expires_ms}});
    if (e.resumed) {
      event.Set("resumed", true);
      event.Set("next_sample", e.next_sample);
    }
    return event;
  }
  Json operator()(const SessionUpdatedEvent& e) const {
    Json event = ToJson(e.settings);
    Json typed = Typed("session.updated");
    for (const auto& [key, value] : event.members()) typed.Set(key, value);
    return typed;
  }
  Json operator()(const UtteranceStartedEvent& e) const {
    return Typed(
        "utterance.started",
        {{"utterance", int64_t{e.utterance}}, {"start_sample", e.start_sample}, {"first_pts_us", e.first_pts_us}});
  }
  Json operator()(const AudioAckEvent& e) const {
    return Typed("input_audio.ack", {{"samples", e.samples}, {"buffered_ms", e.buffered_ms}});
  }
  Json operator()(const UtteranceDoneEvent& e) const {
    Json event = Typed("utterance.done", {{"utterance", int64_t{e.utterance}},
                                          {"frames_sent", e.frames_sent},
                                          {"frames_dropped", e.frames_dropped},
                                          {"audio_samples", e.audio_samples},
                                          {"last_pts_us", e.last_pts_us},
                                          {"interrupted", e.interrupted},
                                          {"playback_position_ms", e.playback_position_ms},
                                          {"first_frame_ms", e.first_frame_ms},
                                          {"p50_ms", e.p50_ms},
                                          {"p99_ms", e.p99_ms}});
    if (!e.name.empty()) event.Set("name", e.name);
    return event;
  }
  Json operator()(const OutputClearedEvent& e) const {
    return Typed("output.cleared",
                 {{"utterance", int64_t{e.utterance}}, {"cut_pts_us", e.cut_pts_us}, {"audio_end_ms", e.audio_end_ms}});
  }
  Json operator()(const StatsEvent& e) const {
    return Typed("stats", {{"frames_sent", e.frames_sent},
                           {"frames_dropped", e.frames_dropped},
                           {"frames_late", e.frames_late},
                           {"frames_repeated", e.frames_repeated},
                           {"buffered_ms", e.buffered_ms},
                           {"p50_ms", e.p50_ms},
                           {"p99_ms", e.p99_ms},
                           {"client_dropped", e.client_dropped}});
  }
  Json operator()(const WarningEvent& e) const { return Typed("warning", {{"code", e.code}, {"detail", e.detail}}); }
  Json operator()(const SessionExpiringEvent& e) const {
    return Typed("session.expiring", {{"deadline_ms", e.deadline_ms}, {"resume", true}});
  }
  Json operator()(const SessionDrainingEvent& e) const {
    return Typed("session.draining", {{"deadline_ms", e.deadline_ms}, {"resume", true}});
  }
  Json operator()(const PongEvent& e) const { return Typed("pong", {{"t", e.t}, {"server_us", e.server_us}}); }
  Json operator()(const ProtocolError& e) const {
    Json error = Json::Object({{"type", e.type}, {"code", e.code}, {"message", e.message}});
    error.Set("param", e.param.empty() ? Json() : Json(e.param));
    error.Set("event_id", e.event_id.empty() ? Json() : Json(e.event_id));
    return Typed("error", {{"error", std::move(error)}, {"fatal", e.fatal}});
  }
  Json operator()(const SessionClosedEvent& e) const {
    Json totals = Json::Object({{"frames_sent", e.frames_sent},
                                {"frames_dropped", e.frames_dropped},
                                {"frames_late", e.frames_late},
                                {"frames_repeated", e.frames_repeated},
                                {"audio_samples", e.audio_samples},
                                {"utterances", e.utterances},
                                {"interruptions", e.interruptions},
                                {"client_dropped", e.client_dropped}});
    return Typed("session.closed", {{"reason", e.reason}, {"totals", std::move(totals)}});
  }
};

}  // namespace

Json AvatarFacts::ToJson() const {
  const std::string version = background_version.empty() ? "" : "?v=" + background_version;
  Json json = Json::Object({{"id", id},
                            {"name", name},
                            {"width", width},
                            {"height", height},
                            {"fps", RateOf(fps)},
                            {"frames", frames},
                            {"loop", "pingpong"},
                            {"patch", Json::Object({{"max_w", patch_max_w}, {"max_h", patch_max_h}})},
                            {"model", model},
                            {"lookahead_ms", kLookaheadMs},
                            {"background_url", "/v1/avatars/" + id + "/background.mp4" + version},
                            {"etag", etag},
                            {"ready", ready},
                            {"sessions", sessions}});
  if (!label.empty()) {
    json.Set("label", Json::Object({{"text", label},
                                    {"x", label_area.x},
                                    {"y", label_area.y},
                                    {"w", label_area.width},
                                    {"h", label_area.height}}));
  }
  return json;
}

Json ToJson(const SessionSettings& settings) {
  return Json::Object({{"avatar", settings.avatar},
                       {"audio_in", AudioIn(settings)},
                       {"video", Video(settings)},
                       {"audio_out", Name(settings.audio_out)},
                       {"pace", Name(settings.pace)},
                       {"max_lead_ms", settings.max_lead_ms},
                       {"idle", Name(settings.idle)},
                       {"silence", Name(settings.silence)},
                       {"start_frame", settings.start_frame},
                       {"watch", settings.watch},
                       {"composite", Name(settings.composite)}});
}

Json ToJson(const SessionLimits& limits) {
  return Json::Object({{"text_bytes", limits.text_bytes},
                       {"json_depth", limits.json_depth},
                       {"audio_message_ms", limits.audio_message_ms},
                       {"audio_pause_ms", limits.audio_pause_ms},
                       {"audio_queue_ms", limits.audio_queue_ms},
                       {"connect_ms", limits.connect_ms},
                       {"first_message_ms", limits.first_message_ms},
                       {"idle_ms", limits.idle_ms},
                       {"session_ms", limits.session_ms},
                       {"resume_ms", limits.resume_ms},
                       {"stall_ms", limits.stall_ms},
                       {"video_queue_ms", limits.video_queue_ms},
                       {"video_queue_bytes", limits.video_queue_bytes},
                       {"slow_warn_ms", limits.slow_warn_ms},
                       {"slow_close_ms", limits.slow_close_ms},
                       {"utterances", limits.utterances}});
}

Json ToJson(const ServerEvent& event) { return std::visit(Write(), event); }

std::string ToText(const ServerEvent& event) { return ToJson(event).Dump(true); }

}  // namespace lips
