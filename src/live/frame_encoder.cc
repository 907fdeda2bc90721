#include "live/frame_encoder.h"

#include <string>
#include <utility>
#include <vector>

#include "image/colour.h"
#include "image/image.h"
#include "media/picture.h"

namespace lips {
namespace {

// JPEGs of the changed rectangle, or of the whole picture.
class JpegEncoder : public LiveEncoder {
 public:
  JpegEncoder(int quality, bool whole) : quality_(quality), whole_(whole) {}

  Status Picture(ConstYuvView picture, Rect changed, int64_t pts_us, bool /*key*/,
                 std::vector<LivePacket>& out) override {
    const Rect shown = whole_ ? Rect{0, 0, picture.width(), picture.height()} : changed;
    pixels_.Resize(shown.width, shown.height);
    YuvToBgr(picture, shown, pixels_.view());
    LivePacket packet;
    ASSIGN_OR_RETURN(packet.bytes, JpegBytes(std::as_const(pixels_).view(), quality_));
    packet.pts_us = pts_us;
    packet.key = true;
    out.push_back(std::move(packet));
    return {};
  }

  void SetRate(int quality, int /*bitrate_kbps*/) override {
    if (quality > 0) quality_ = quality;
  }

 private:
  int quality_;
  bool whole_;
  Image pixels_;
};

}  // namespace

Result<std::unique_ptr<LiveEncoder>> OpenPictureEncoder(const LiveEncoderRequest& request) {
  const SessionSettings& settings = request.settings;
  switch (settings.mode) {
    case VideoMode::kPatch:
    case VideoMode::kJpeg:
      return std::unique_ptr<LiveEncoder>(
          std::make_unique<JpegEncoder>(settings.quality, settings.mode == VideoMode::kJpeg));
    case VideoMode::kRaw:
    case VideoMode::kH264:
    case VideoMode::kMp4: break;
  }
  return Error(ErrorCode::kUnsupported,
               "this build has no live encoder for video mode '" + std::string(Name(settings.mode)) + "'");
}

Result<std::unique_ptr<LiveEncoder>> OpenSoundEncoder(const LiveEncoderRequest& request) {
  return Error(ErrorCode::kUnsupported,
               "this build has no live encoder for audio_out '" + std::string(Name(request.settings.audio_out)) + "'");
}

}  // namespace lips
