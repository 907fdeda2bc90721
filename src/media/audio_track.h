// The sound of a file being written: decoded as the video advances, encoded, handed on as packets. Private.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "media/audio_codec.h"
#include "media/audio_reader.h"
#include "media/ffmpeg.h"
#include "media/frame.h"

namespace lips {

// Takes the first audio stream of a file at its own rate where the codec allows (else the next higher one it has), with
// 1, 2 or 6 channels kept and any other count mixed to one. Memory is constant. Move-only; one thread at a time.
class AudioTrack {
 public:
  using Sink = std::function<Status(AVPacket&)>;  // packets in the encoder's time base

  // `codec_id`: AAC or Opus. Errors: those of AudioReader; kUnsupported (no encoder).
  static Result<AudioTrack> Open(const Path& path, int codec_id, bool global_header);

  const AVCodecContext& codec() const { return *codec_; }
  int64_t samples() const { return samples_; }  // encoded so far, per channel

  // Encodes what is heard before the start of frame `frames`: floor(frames / fps * rate) samples in all, or fewer when
  // the file is shorter. Errors: the sink's; kCorrupted.
  Status EncodeUntil(int64_t frames, FrameRate fps, const Sink& sink);
  // Encodes what is left in the encoder.
  Status Finish(const Sink& sink);

 private:
  AudioTrack(AudioReader reader, CodecPtr codec, SwrPtr resampler);
  Status Refill();
  Status Resample();
  Status SendFrame(const Sink& sink);
  Status Drain(const Sink& sink);

  AudioReader reader_;
  CodecPtr codec_;
  SwrPtr resampler_;  // null when the rates agree
  FramePtr frame_;
  PacketPtr packet_;
  std::vector<float> decoded_;
  std::vector<float> pending_;  // interleaved, at the encoder's rate and channels
  size_t used_ = 0;             // of pending_
  int filled_ = 0;              // samples in frame_
  int64_t samples_ = 0;
  bool exhausted_ = false;
};

}  // namespace lips
