// What a live session is asked to do, and the limits it runs under.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "composite/composite.h"
#include "live/protocol_error.h"
#include "media/frame.h"

namespace lips {

enum class PcmFormat : uint8_t { kS16, kF32 };  // "pcm_s16le", "pcm_f32le"
enum class VideoMode : uint8_t {
  kPatch,  // JPEG of the face's surroundings, its place and the template frame it belongs on
  kH264,   // Annex B
  kJpeg,   // whole frames
  kMp4,    // "fmp4": fragments, sound included (AAC unless audio_out says Opus)
  kRaw,    // whole frames as YuvImage; in-process only, refused from the wire
};
enum class AudioOut : uint8_t { kNone, kPcmS16, kAac, kOpus };
enum class Pace : uint8_t {
  kRealtime,  // a frame goes out when its time comes
  kAsap,      // up to max_lead_ms before
  kFree,      // as soon as it can be made, never late, never dropped; in-process only: SessionSink::FrameRoom bounds it
};
enum class IdleMode : uint8_t { kServer, kClient };  // who shows something between utterances
// Whether silence inside an utterance rests the mouth (audio/speech_gate.h). kAuto: with natural compositing, as a
// render does.
enum class SilenceMode : uint8_t { kAuto, kGate, kKeep };

std::string_view Name(PcmFormat format);
std::string_view Name(VideoMode mode);       // "patch", "h264", "jpeg", "fmp4", "raw"
std::string_view Name(AudioOut audio);       // "none", "pcm_s16le", "aac", "opus"
std::string_view Name(Pace pace);            // "realtime", "asap", "free"
std::string_view Name(IdleMode idle);        // "server", "client"
std::string_view Name(SilenceMode silence);  // "auto", "gate", "keep"

struct SessionSettings {
  std::string avatar;  // the id it was loaded under
  PcmFormat audio_format = PcmFormat::kS16;
  int audio_rate_hz = 16000;  // 16000, 24000, 44100 or 48000; mono
  VideoMode mode = VideoMode::kPatch;
  int quality = 85;      // of JPEG, 1..100
  int bitrate_kbps = 0;  // of H.264; 0: by its quality
  int width = 0;         // of whole frames; 0: the avatar's. Others than the avatar's are refused
  int height = 0;
  FrameRate fps{0, 1};  // num 0: the avatar's
  AudioOut audio_out = AudioOut::kNone;
  Pace pace = Pace::kAsap;
  int max_lead_ms = 400;  // 0..10000
  IdleMode idle = IdleMode::kServer;
  SilenceMode silence = SilenceMode::kAuto;
  int64_t start_frame = 0;                            // template frame shown first
  bool watch = false;                                 // may be watched through other connections
  CompositeMode composite = CompositeMode::kNatural;  // compatible only where the host opened avatars for it

  bool gates_silence() const {
    return silence == SilenceMode::kGate || (silence == SilenceMode::kAuto && composite == CompositeMode::kNatural);
  }
  // Sound comes back: by itself, or inside the pictures' container.
  bool gives_sound() const { return audio_out != AudioOut::kNone || mode == VideoMode::kMp4; }
  int bytes_per_sample() const { return audio_format == PcmFormat::kS16 ? 2 : 4; }
};

// The fields of a session.update that were there. Values are parsed but not yet checked against a session.
struct SettingsChange {
  std::optional<PcmFormat> audio_format;
  std::optional<int64_t> audio_rate_hz;
  std::optional<VideoMode> mode;
  std::optional<int64_t> quality, bitrate_kbps, width, height;
  std::optional<FrameRate> fps;
  std::optional<AudioOut> audio_out;
  std::optional<Pace> pace;
  std::optional<int64_t> max_lead_ms;
  std::optional<IdleMode> idle;
  std::optional<SilenceMode> silence;
  std::optional<int64_t> start_frame;
  std::optional<bool> watch;
  std::optional<CompositeMode> composite;
};

// Changes `settings` as asked, or not at all. `started`: audio has come, so only quality, bitrate, pace and max_lead_ms
// may still change. `in_process`: kRaw and kFree are allowed. Gives the error that says which field is wrong.
std::optional<ProtocolError> ApplyChange(const SettingsChange& change, bool started, bool in_process,
                                         SessionSettings& settings);
// Checks whole settings likewise.
std::optional<ProtocolError> CheckSettings(const SessionSettings& settings, bool in_process);

// Bounds on what one client may cost; stated to it in session.created.
struct SessionLimits {
  int text_bytes = 64 << 10;
  int json_depth = 16;
  int audio_message_ms = 10'000;  // one binary frame, or one append
  int audio_pause_ms = 30'000;    // un-rendered audio above which a connection stops reading
  int audio_queue_ms = 60'000;    // ... and above which the session fails
  int connect_ms = 30'000;        // from POST /v1/sessions to the session's first connection
  int first_message_ms = 30'000;  // from connect
  int idle_ms = 60'000;           // without any message
  int session_ms = 60 * 60'000;
  int resume_ms = 30'000;    // how long a session outlives its connection
  int stall_ms = 2'000;      // audio missing that long inside an utterance ends it
  int video_queue_ms = 500;  // unsent video of one connection
  int video_queue_bytes = 2 << 20;
  int slow_warn_ms = 5'000;    // of dropping what a client does not take: it is warned and gets half the frames
  int slow_close_ms = 15'000;  // ... it is given up
  int utterances = 100;        // waiting at once
};

}  // namespace lips
