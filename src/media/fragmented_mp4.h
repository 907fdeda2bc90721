// H.264 and sound as a fragmented MP4 in memory: what <video>, MSE and ffplay play while it is being made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "media/audio_stream_encoder.h"
#include "media/h264_stream.h"

namespace lips {

struct FragmentedMp4Options {
  H264Format video;
  std::optional<AudioStreamFormat> audio;
  int fragment_ms = 200;                                      // 20..10000; one frame at least
  std::vector<std::pair<std::string, std::string>> metadata;  // container tags
};

struct Mp4Piece {
  std::span<const uint8_t> bytes;  // valid during the call
  bool init = false;               // the initialisation segment: first, once, and again for whoever comes later
  bool key = false;                // a fragment where playing can start
  int64_t first_frame = 0;         // of a fragment; one with sound alone has last_frame < first_frame
  int64_t last_frame = 0;
};

// Frame n is shown at n / fps and sample n heard at n / rate, exactly, with the sound codec's delay told to the player
// by an edit list. Frame numbers may leave gaps: the frame before is then shown longer, though MSE sees a gap. A
// fragment ends when it is `fragment_ms` long and before each key picture, so a key picture is always a fragment's
// first. Move-only; one thread at a time; memory: a fragment's, which ends after 10 s of pictures or 16 MiB whatever
// comes.
class FragmentedMp4 {
 public:
  using Sink = std::function<Status(const Mp4Piece&)>;

  // Errors: kInvalidInput, kUnsupported (FFmpeg built without MP4).
  static Result<FragmentedMp4> Create(const FragmentedMp4Options& options);
  FragmentedMp4(FragmentedMp4&&) noexcept;
  FragmentedMp4& operator=(FragmentedMp4&&) noexcept;
  ~FragmentedMp4();

  // Frames ascend; the first one is a key picture. The first fragment waits for the first packet of the sound, and the
  // initialisation segment comes with it. Errors: kInvalidInput, kResourceLimit, the sink's.
  Status AddVideo(int64_t frame, const H264Packet& packet, const Sink& sink);
  // Packets as the encoder gave them, in order. Errors: kInvalidInput without a sound track; kResourceLimit.
  Status AddAudio(const AudioPacket& packet);
  // Ends the fragment now, if anything is in it: at the end, or before a pause.
  Status Flush(const Sink& sink);

 private:
  struct State;
  explicit FragmentedMp4(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
