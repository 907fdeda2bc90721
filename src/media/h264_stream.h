// A live H.264 stream: every picture becomes its packet at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/view.h"
#include "media/frame.h"

namespace lips {

struct H264StreamOptions {
  // 16..8192 a side. The stream holds even sizes only: an odd one gets one more column or row, a copy of its neighbour.
  int width = 0;
  int height = 0;
  FrameRate fps;
  YuvFormat format;                  // of the pictures; tagged in the stream
  int bitrate_kbps = 0;              // 0: constant quality instead, by `crf`
  int crf = 23;                      // 0..51, lower is better
  double keyframe_s = 2;             // at most this far apart; 0.1..60
  int threads = 1;                   // 1..64; more of them cut each picture into slices
  std::string preset = "ultrafast";  // ultrafast, superfast, veryfast, faster, fast, medium
};

// What a player or a container must know of a stream before its first packet.
struct H264Format {
  int width = 0;  // as encoded: even
  int height = 0;
  FrameRate fps;
  std::string codec;                    // of RFC 6381, from the stream's own parameters: "avc1.42C01F"
  std::vector<uint8_t> parameter_sets;  // SPS and PPS, Annex B
};

struct H264Packet {
  std::span<const uint8_t> bytes;  // Annex B; valid until the next call
  size_t parameter_set_bytes = 0;  // how many of them, at the start, only repeat H264Format::parameter_sets
  bool key = false;                // an IDR picture: decoding can start here
};

// Baseline profile without B frames and without a look-ahead: a picture's packet comes from the call that gave the
// picture, so presentation order is coding order and the caller's frame numbers are the timestamps. Each IDR picture
// repeats the parameter sets. Where a picture equals the last one, only a rectangle having changed, the rest costs
// next to nothing in bytes and little time: x264 skips its blocks. Move-only; one thread at a time.
class H264Stream {
 public:
  // Errors: kInvalidInput (sizes, rates, names: says what is expected), kUnsupported (FFmpeg built without x264).
  static Result<H264Stream> Open(const H264StreamOptions& options);
  H264Stream(H264Stream&&) noexcept;
  H264Stream& operator=(H264Stream&&) noexcept;
  ~H264Stream();

  const H264Format& format() const;

  // `picture` has the options' size and format. `key`: as an IDR picture, whatever is due. Errors: kInvalidInput
  // (another size or format), kResourceLimit.
  Result<H264Packet> Encode(ConstYuvView picture, bool key = false);

  // From the next picture on. Errors: kInvalidInput outside 1..1000000 or for a stream of constant quality.
  Status SetBitrate(int kbps);
  // From the next picture on. Errors: kInvalidInput outside 0..51 or for a stream with a bit rate.
  Status SetCrf(int crf);

 private:
  struct State;
  explicit H264Stream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
