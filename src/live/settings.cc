#include "live/settings.h"

#include <algorithm>
#include <array>

namespace lips {
namespace {

ProtocolError Wrong(std::string param, std::string code, std::string message) {
  ProtocolError error;
  error.param = std::move(param);
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

ProtocolError OutOfRange(std::string param, int64_t found, int64_t low, int64_t high) {
  std::string message =
      param + " is " + std::to_string(found) + ", expected " + std::to_string(low) + " to " + std::to_string(high);
  return Wrong(std::move(param), "out_of_range", std::move(message));
}

constexpr std::array<int, 4> kRates = {16000, 24000, 44100, 48000};

struct Range {
  const char* param;
  int64_t low, high;
};
constexpr Range kQuality{"video.quality", 1, 100};
constexpr Range kBitrate{"video.bitrate_kbps", 0, 100'000};
constexpr Range kWidth{"video.width", 0, 8192};
constexpr Range kHeight{"video.height", 0, 8192};
constexpr Range kLead{"max_lead_ms", 0, 10'000};
constexpr Range kStart{"start_frame", -1'000'000'000, 1'000'000'000};

std::optional<ProtocolError> Check(const Range& range, int64_t value) {
  if (value >= range.low && value <= range.high) return std::nullopt;
  return OutOfRange(range.param, value, range.low, range.high);
}

// Takes a value of any size into an int that Check then judges.
int Narrow(int64_t value) { return static_cast<int>(std::clamp<int64_t>(value, -1'000'000'000, 1'000'000'000)); }

std::string FirstFixedField(const SettingsChange& change) {
  if (change.audio_format || change.audio_rate_hz) return "audio_in";
  if (change.mode) return "video.mode";
  if (change.width || change.height) return "video.width";
  if (change.fps) return "video.fps";
  if (change.audio_out) return "audio_out";
  if (change.idle) return "idle";
  if (change.silence) return "silence";
  if (change.start_frame) return "start_frame";
  if (change.watch) return "watch";
  if (change.composite) return "composite";
  return {};
}

}  // namespace

std::string_view Name(PcmFormat format) { return format == PcmFormat::kS16 ? "pcm_s16le" : "pcm_f32le"; }

std::string_view Name(VideoMode mode) {
  constexpr std::array<std::string_view, 5> kNames = {"patch", "h264", "jpeg", "fmp4", "raw"};
  return kNames[static_cast<size_t>(mode)];
}

std::string_view Name(AudioOut audio) {
  constexpr std::array<std::string_view, 4> kNames = {"none", "pcm_s16le", "aac", "opus"};
  return kNames[static_cast<size_t>(audio)];
}

std::string_view Name(Pace pace) {
  constexpr std::array<std::string_view, 3> kNames = {"realtime", "asap", "free"};
  return kNames[static_cast<size_t>(pace)];
}

std::string_view Name(IdleMode idle) { return idle == IdleMode::kServer ? "server" : "client"; }

std::string_view Name(SilenceMode silence) {
  constexpr std::array<std::string_view, 3> kNames = {"auto", "gate", "keep"};
  return kNames[static_cast<size_t>(silence)];
}

std::optional<ProtocolError> CheckSettings(const SessionSettings& settings, bool in_process) {
  if (std::ranges::find(kRates, settings.audio_rate_hz) == kRates.end()) {
    return Wrong(
        "audio_in.rate", "unsupported_rate",
        "audio_in.rate is " + std::to_string(settings.audio_rate_hz) + ", expected 16000, 24000, 44100 or 48000");
  }
  for (const auto& [range, value] : {std::pair{kQuality, int64_t{settings.quality}},
                                     {kBitrate, int64_t{settings.bitrate_kbps}},
                                     {kWidth, int64_t{settings.width}},
                                     {kHeight, int64_t{settings.height}},
                                     {kLead, int64_t{settings.max_lead_ms}},
                                     {kStart, settings.start_frame}}) {
    if (auto error = Check(range, value)) return error;
  }
  if (settings.fps.num != 0) {
    const double fps = settings.fps.den > 0 ? settings.fps.AsDouble() : 0;
    if (settings.fps.num < 0 || fps < 1 || fps > 60) {
      return Wrong("video.fps", "out_of_range",
                   "video.fps is " + std::to_string(settings.fps.num) + "/" + std::to_string(settings.fps.den) +
                       ", expected 1 to 60");
    }
  }
  if (!in_process && settings.mode == VideoMode::kRaw) {
    return Wrong("video.mode", "unsupported_mode", "video.mode 'raw' is for programs, not for connections");
  }
  if (!in_process && settings.pace == Pace::kFree) {
    return Wrong("pace", "unsupported_pace", "pace 'free' is for programs, not for connections");
  }
  return std::nullopt;
}

std::optional<ProtocolError> ApplyChange(const SettingsChange& change, bool started, bool in_process,
                                         SessionSettings& settings) {
  if (started) {
    if (std::string field = FirstFixedField(change); !field.empty()) {
      std::string message = field + " cannot change once audio has come";
      return Wrong(std::move(field), "too_late", std::move(message));
    }
  }
  SessionSettings changed = settings;
  if (change.audio_format) changed.audio_format = *change.audio_format;
  if (change.audio_rate_hz) changed.audio_rate_hz = Narrow(*change.audio_rate_hz);
  if (change.mode) changed.mode = *change.mode;
  if (change.quality) changed.quality = Narrow(*change.quality);
  if (change.bitrate_kbps) changed.bitrate_kbps = Narrow(*change.bitrate_kbps);
  if (change.width) changed.width = Narrow(*change.width);
  if (change.height) changed.height = Narrow(*change.height);
  if (change.fps) changed.fps = *change.fps;
  if (change.audio_out) changed.audio_out = *change.audio_out;
  if (change.pace) changed.pace = *change.pace;
  if (change.max_lead_ms) changed.max_lead_ms = Narrow(*change.max_lead_ms);
  if (change.idle) changed.idle = *change.idle;
  if (change.silence) changed.silence = *change.silence;
  if (change.start_frame) changed.start_frame = *change.start_frame;
  if (change.watch) changed.watch = *change.watch;
  if (change.composite) changed.composite = *change.composite;
  if (auto error = CheckSettings(changed, in_process)) return error;
  settings = std::move(changed);
  return std::nullopt;
}

}  // namespace lips
