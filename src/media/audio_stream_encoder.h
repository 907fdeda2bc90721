// Live sound: samples in, AAC or Opus packets with exact times out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lips {

enum class AudioCodec : uint8_t { kAac, kOpus };
std::string_view Name(AudioCodec codec);  // "aac", "opus"

struct AudioStreamOptions {
  AudioCodec codec = AudioCodec::kAac;
  int rate_hz = 16000;   // of the samples given; 8000..192000
  int channels = 1;      // 1 or 2
  int bitrate_kbps = 0;  // for all channels together; 0: clear speech and music
  bool adts = false;     // AAC only: every packet with a header of its own, for who has no AudioStreamFormat
};

// What a player or a container must know of a stream before its first packet.
struct AudioStreamFormat {
  AudioCodec codec = AudioCodec::kAac;
  std::string name;  // of RFC 6381: "mp4a.40.2", "opus"
  int rate_hz = 0;   // of the packets' times: the source's where AAC has it, else the next higher; Opus: 48000
  int channels = 1;
  int frame_samples = 0;        // of a packet
  int delay_samples = 0;        // the encoder's: the first packet starts so long before the first sample
  int64_t bit_rate = 0;         // bits a second
  std::vector<uint8_t> config;  // AudioSpecificConfig, OpusHead
};

struct AudioPacket {
  std::span<const uint8_t> bytes;  // valid during the call
  int64_t pts_samples = 0;         // at AudioStreamFormat::rate_hz; what a decoder gives before 0 was never given to us
  int64_t duration_samples = 0;
};

// What was given as sample n is heard, decoded, at n / rate: the codec's delay is in the packets' times. Move-only; one
// thread at a time; steady memory.
class AudioStreamEncoder {
 public:
  using Sink = std::function<Status(const AudioPacket&)>;

  // Errors: kInvalidInput (rate, channels, bit rate, ADTS with Opus), kUnsupported (FFmpeg built without the encoder).
  static Result<AudioStreamEncoder> Open(const AudioStreamOptions& options);
  AudioStreamEncoder(AudioStreamEncoder&&) noexcept;
  AudioStreamEncoder& operator=(AudioStreamEncoder&&) noexcept;
  ~AudioStreamEncoder();

  const AudioStreamFormat& format() const;

  // `interleaved` is [n, channels], nominally [-1, 1]: louder is clipped, NaN and infinity are silence. Any chunking
  // gives the same packets. Errors: kInvalidInput (no whole number of samples; after Finish), the sink's.
  Status Push(std::span<const float> interleaved, const Sink& sink);
  // The stream is over: what is left, filled up with silence. Once.
  Status Finish(const Sink& sink);

 private:
  struct State;
  explicit AudioStreamEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
