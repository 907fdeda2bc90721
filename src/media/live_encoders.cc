#include "media/live_encoders.h"

#include <algorithm>

#include "media/fragmented_mp4.h"
#include "media/jpeg_encoder.h"

namespace lips {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

// The nearest n with a time of n / fps; times are rounded down when they are made of n.
int64_t FrameAt(int64_t pts_us, FrameRate fps) {
  const int64_t unit = kSecondUs * fps.den;
  return (pts_us * fps.num + unit / 2) / unit;
}
int64_t FrameUs(int64_t frame, FrameRate fps) { return frame * kSecondUs * fps.den / fps.num; }
int64_t SampleAt(int64_t pts_us, int rate_hz) { return (pts_us * rate_hz + kSecondUs / 2) / kSecondUs; }

// Rounded down, below zero, too.
int64_t SampleUs(int64_t sample, int rate_hz) {
  const int64_t scaled = sample * kSecondUs;
  return scaled >= 0 ? scaled / rate_hz : -((-scaled + rate_hz - 1) / rate_hz);
}

class LiveJpeg : public LiveEncoder {
 public:
  LiveJpeg(int quality, bool whole) : quality_(quality), whole_(whole) {}

  Status Picture(ConstYuvView picture, Rect changed, int64_t pts_us, bool /*key*/,
                 std::vector<LivePacket>& out) override {
    const Rect shown = whole_ ? Rect{0, 0, picture.width(), picture.height()} : changed;
    ASSIGN_OR_RETURN(const std::span<const uint8_t> bytes, encoder_.Encode(picture, shown, quality_));
    out.push_back({LivePacket::Kind::kPicture, {bytes.begin(), bytes.end()}, pts_us, true});
    return {};
  }

  void SetRate(int quality, int /*bitrate_kbps*/) override {
    if (quality > 0) quality_ = std::min(quality, 100);
  }

 private:
  int quality_;
  bool whole_;
  JpegEncoder encoder_;
};

class LiveH264 : public LiveEncoder {
 public:
  LiveH264(const H264StreamOptions& options, H264Stream stream) : options_(options), stream_(std::move(stream)) {}

  Status Picture(ConstYuvView picture, Rect /*changed*/, int64_t pts_us, bool key,
                 std::vector<LivePacket>& out) override {
    if (reopen_) {
      ASSIGN_OR_RETURN(stream_, H264Stream::Open(options_));
      reopen_ = false;
    }
    ASSIGN_OR_RETURN(const H264Packet packet, stream_.Encode(picture, key));
    out.push_back({LivePacket::Kind::kPicture, {packet.bytes.begin(), packet.bytes.end()}, pts_us, packet.key});
    return {};
  }

  void SetRate(int quality, int bitrate_kbps) override {
    if (bitrate_kbps > 0) {
      reopen_ = reopen_ || options_.bitrate_kbps == 0 || !stream_.SetBitrate(bitrate_kbps).ok();
      options_.bitrate_kbps = bitrate_kbps;
    } else if (quality > 0) {
      options_.crf = CrfOfQuality(quality);
      if (options_.bitrate_kbps == 0) reopen_ = reopen_ || !stream_.SetCrf(options_.crf).ok();
    }
  }

 private:
  H264StreamOptions options_;
  H264Stream stream_;
  bool reopen_ = false;
};

// Sound without holes: every sample is at its place in the session, whatever was left out.
class SteadySound {
 public:
  SteadySound(const AudioStreamOptions& options, AudioStreamEncoder encoder)
      : options_(options), encoder_(std::move(encoder)) {}
  static Result<SteadySound> Open(const AudioStreamOptions& options) {
    if (options.channels != 1) return Error(ErrorCode::kInvalidInput, "audio: live sound is mono");
    ASSIGN_OR_RETURN(AudioStreamEncoder encoder, AudioStreamEncoder::Open(options));
    return SteadySound(options, std::move(encoder));
  }

  const AudioStreamFormat& format() const { return encoder_.format(); }

  Status Push(std::span<const float> samples, int64_t pts_us, const AudioStreamEncoder::Sink& sink) {
    const int64_t at = SampleAt(pts_us, options_.rate_hz);
    RETURN_IF_ERROR(FillUntil(at, sink));
    const int64_t over = std::clamp<int64_t>(next_ - at, 0, static_cast<int64_t>(samples.size()));
    const std::span<const float> rest = samples.subspan(static_cast<size_t>(over));
    next_ += static_cast<int64_t>(rest.size());
    held_back_ = held_back_ || !rest.empty();
    return encoder_.Push(rest, Moved(sink));
  }

  // Silence behind the last sound, so that all of it comes out: the codec's delay and a packet, at most kFlushSoundUs.
  Status PushOut(const AudioStreamEncoder::Sink& sink) {
    if (!std::exchange(held_back_, false)) return {};
    const AudioStreamFormat& coded = encoder_.format();
    constexpr int64_t kResamplerPerSecond = 200;  // and 5 ms for what a resampler holds
    const int64_t behind = int64_t{coded.delay_samples + coded.frame_samples} * options_.rate_hz / coded.rate_hz;
    return FillUntil(next_ + behind + options_.rate_hz / kResamplerPerSecond, sink);
  }

  // Silence up to sample `end`, if it is not reached yet.
  Status FillUntil(int64_t end, const AudioStreamEncoder::Sink& sink) {
    if (!began_) Begin(end);
    if (end - next_ > options_.rate_hz) {
      RETURN_IF_ERROR(encoder_.Finish(Moved(sink)));
      ASSIGN_OR_RETURN(encoder_, AudioStreamEncoder::Open(options_));
      Begin(end);
    }
    if (end <= next_) return {};
    silence_.assign(static_cast<size_t>(end - next_), 0.0F);
    next_ = end;
    return encoder_.Push(silence_, Moved(sink));
  }
  // Gives what the encoder holds back; it begins anew with what comes next.
  Status Finish(const AudioStreamEncoder::Sink& sink) {
    if (!began_) return {};
    RETURN_IF_ERROR(encoder_.Finish(Moved(sink)));
    ASSIGN_OR_RETURN(encoder_, AudioStreamEncoder::Open(options_));
    began_ = false;
    return {};
  }

  Status FillUntilUs(int64_t pts_us, const AudioStreamEncoder::Sink& sink) {
    return FillUntil(SampleAt(pts_us, options_.rate_hz), sink);
  }

 private:
  void Begin(int64_t at) {
    began_ = true;
    next_ = at;
    base_ = at * encoder_.format().rate_hz / options_.rate_hz;
  }
  // The encoder counts from its own beginning.
  AudioStreamEncoder::Sink Moved(const AudioStreamEncoder::Sink& sink) const {
    return [base = base_, &sink](const AudioPacket& packet) {
      return sink({packet.bytes, packet.pts_samples + base, packet.duration_samples});
    };
  }

  AudioStreamOptions options_;
  AudioStreamEncoder encoder_;
  bool began_ = false;
  int64_t next_ = 0;        // sample of the session that comes next
  int64_t base_ = 0;        // where the encoder began, in packets' samples
  bool held_back_ = false;  // of what was pushed
  std::vector<float> silence_;
};

class LiveSound : public LiveEncoder {
 public:
  explicit LiveSound(SteadySound sound) : sound_(std::move(sound)) {}

  Status Picture(ConstYuvView /*picture*/, Rect /*changed*/, int64_t /*pts_us*/, bool /*key*/,
                 std::vector<LivePacket>& /*out*/) override {
    return Error(ErrorCode::kInvalidInput, "an encoder of sound was given a picture");
  }

  Status Sound(std::span<const float> samples, int64_t pts_us, std::vector<LivePacket>& out) override {
    return sound_.Push(samples, pts_us, Into(out));
  }

  Status Flush(std::vector<LivePacket>& out) override { return sound_.Finish(Into(out)); }

 private:
  AudioStreamEncoder::Sink Into(std::vector<LivePacket>& out) const {
    return [rate_hz = sound_.format().rate_hz, &out](const AudioPacket& packet) -> Status {
      out.push_back({LivePacket::Kind::kAudio,
                     {packet.bytes.begin(), packet.bytes.end()},
                     SampleUs(packet.pts_samples, rate_hz),
                     true});
      return {};
    };
  }

  SteadySound sound_;
};

class LiveMp4 : public LiveEncoder {
 public:
  LiveMp4(FrameRate fps, H264Stream video, std::optional<SteadySound> sound, FragmentedMp4 mp4)
      : fps_(fps), video_(std::move(video)), sound_(std::move(sound)), mp4_(std::move(mp4)) {}

  Status Picture(ConstYuvView picture, Rect /*changed*/, int64_t pts_us, bool key,
                 std::vector<LivePacket>& out) override {
    if (sound_) RETURN_IF_ERROR(sound_->FillUntilUs(pts_us, IntoMp4()));
    ASSIGN_OR_RETURN(const H264Packet packet, video_.Encode(picture, key));
    return mp4_.AddVideo(FrameAt(pts_us, fps_), packet, Into(out));
  }

  Status Sound(std::span<const float> samples, int64_t pts_us, std::vector<LivePacket>& /*out*/) override {
    return sound_ ? sound_->Push(samples, pts_us, IntoMp4()) : Status();
  }

  // The container has its parameters: the way the rate is kept cannot change any more, only the rate.
  void SetRate(int quality, int bitrate_kbps) override {
    if (bitrate_kbps > 0 && video_.SetBitrate(bitrate_kbps).ok()) return;
    if (quality > 0) static_cast<void>(video_.SetCrf(CrfOfQuality(quality)).ok());
  }

  Status Flush(std::vector<LivePacket>& out) override {
    if (sound_) RETURN_IF_ERROR(sound_->PushOut(IntoMp4()));
    return mp4_.Flush(Into(out));
  }

 private:
  AudioStreamEncoder::Sink IntoMp4() {
    return [this](const AudioPacket& packet) { return mp4_.AddAudio(packet); };
  }
  FragmentedMp4::Sink Into(std::vector<LivePacket>& out) const {
    return [this, &out](const Mp4Piece& piece) -> Status {
      out.push_back({piece.init ? LivePacket::Kind::kInit : LivePacket::Kind::kFragment,
                     {piece.bytes.begin(), piece.bytes.end()},
                     FrameUs(piece.first_frame, fps_),
                     piece.init || piece.key});
      return {};
    };
  }

  FrameRate fps_;
  H264Stream video_;
  std::optional<SteadySound> sound_;
  FragmentedMp4 mp4_;
};

}  // namespace

int CrfOfQuality(int quality) { return std::clamp(40 - (std::clamp(quality, 1, 100) + 2) / 5, 0, 51); }

Result<std::unique_ptr<LiveEncoder>> OpenLiveJpeg(int quality, bool whole) {
  if (quality < 1 || quality > 100) {
    return Error(ErrorCode::kInvalidInput, "JPEG quality is " + std::to_string(quality) + "; expected 1..100");
  }
  return std::unique_ptr<LiveEncoder>(std::make_unique<LiveJpeg>(quality, whole));
}

Result<std::unique_ptr<LiveEncoder>> OpenLiveH264(const H264StreamOptions& options) {
  ASSIGN_OR_RETURN(H264Stream stream, H264Stream::Open(options));
  return std::unique_ptr<LiveEncoder>(std::make_unique<LiveH264>(options, std::move(stream)));
}

Result<std::unique_ptr<LiveEncoder>> OpenLiveMp4(const LiveMp4Options& options) {
  ASSIGN_OR_RETURN(H264Stream video, H264Stream::Open(options.video));
  std::optional<SteadySound> sound;
  FragmentedMp4Options container = {
      .video = video.format(), .audio = {}, .fragment_ms = options.fragment_ms, .metadata = options.metadata};
  if (options.audio) {
    ASSIGN_OR_RETURN(sound, SteadySound::Open(*options.audio));
    container.audio = sound->format();
  }
  ASSIGN_OR_RETURN(FragmentedMp4 mp4, FragmentedMp4::Create(container));
  return std::unique_ptr<LiveEncoder>(
      std::make_unique<LiveMp4>(options.video.fps, std::move(video), std::move(sound), std::move(mp4)));
}

Result<std::unique_ptr<LiveEncoder>> OpenLiveSound(const AudioStreamOptions& options) {
  ASSIGN_OR_RETURN(SteadySound sound, SteadySound::Open(options));
  return std::unique_ptr<LiveEncoder>(std::make_unique<LiveSound>(std::move(sound)));
}

}  // namespace lips
