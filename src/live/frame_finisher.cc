#include "live/frame_finisher.h"

#include <utility>

#include "base/stats.h"
#include "composite/fade.h"
#include "image/crop.h"

namespace lips {
namespace {

void Repeat(const FrameOutput& output, MadeFrame& made) {
  made.media = output.last;
  for (MediaMessage& message : made.media) message.header.flags |= kMediaRepeat;
}

MediaKind KindOf(VideoMode mode, LivePacket::Kind packet) {
  if (packet == LivePacket::Kind::kInit) return MediaKind::kMp4Init;
  if (packet == LivePacket::Kind::kFragment) return MediaKind::kMp4Fragment;
  return mode == VideoMode::kPatch ? MediaKind::kPatch : MediaKind::kFrame;
}

MediaCodec CodecOf(VideoMode mode) {
  if (mode == VideoMode::kH264) return MediaCodec::kH264;
  if (mode == VideoMode::kMp4) return MediaCodec::kMp4;
  return mode == VideoMode::kRaw ? MediaCodec::kRaw : MediaCodec::kJpeg;
}

// H.264 cannot show a picture twice by sending its bytes again: the client holds the one it has.
bool CanRepeat(VideoMode mode) { return mode != VideoMode::kH264 && mode != VideoMode::kMp4; }

}  // namespace

MediaMessage MessageOf(LivePacket packet, MediaKind kind, MediaCodec codec) {
  MediaMessage message;
  message.header.kind = kind;
  message.header.codec = codec;
  message.header.pts_us = packet.pts_us;
  if (packet.key) message.header.flags |= kMediaKey;
  message.payload = std::make_shared<const std::vector<uint8_t>>(std::move(packet.bytes));
  return message;
}

Composite& FrameFinisher::CompositeFor(CompositeMode mode) {
  auto& composite = mode == CompositeMode::kNatural ? natural_ : compatible_;
  if (composite == nullptr) composite = MakeComposite(mode, feather_);
  return *composite;
}

Status FrameFinisher::Finish(FramePlan& plan, FrameParts& parts, MadeFrame& made, StageTimes& times) {
  FrameOutput& output = *plan.output;
  if (plan.mouth == MouthSource::kRepeat || made.invalid) {
    if (CanRepeat(output.settings.mode)) Repeat(output, made);
    return {};
  }
  if (parts.cached) {
    made.media = {*output.avatar->FindRestPatch(plan.template_index, output.settings, plan.presence == 0)};
    made.media.front().header.pts_us = plan.pts_us;
    output.last = made.media;
    return {};
  }
  Stopwatch watch;
  const StoredFrame& frame = *parts.frame;
  // Somebody else may have asked for the whole of this frame.
  const bool face_only = output.settings.mode == VideoMode::kPatch && frame.has_face();
  const Rect part = face_only ? FrameStore::AreaOf(frame.face, frame.area.width, frame.area.height)
                              : Rect{0, 0, frame.area.width, frame.area.height};
  area_ = {frame.area.x + part.x, frame.area.y + part.y, part.width, part.height};
  picture_.Resize(part.width, part.height, frame.picture.format());
  CopyPixels(CropEven(frame.picture.view(), part), picture_.view());
  const bool shows_mouth = frame.has_face() && plan.presence > 0;
  if (shows_mouth) {
    const Place face = {frame.face.x - part.x, frame.face.y - part.y, frame.face.width, frame.face.height};
    const Image* mouth = parts.generated ? &parts.mouth : &output.last_mouth;
    if (plan.presence < 1) {
      faded_.Resize(mouth->width(), mouth->height());
      FadeMouth(frame.crop.view(), mouth->view(), plan.presence, faded_.view());
      mouth = &faded_;
    }
    CompositeFor(output.settings.composite).Paste(frame.crop.view(), mouth->view(), face, picture_.view());
  }
  times.entries.push_back({LiveStage::kComposite, watch.ElapsedMs() / 1000});
  watch.Restart();
  RETURN_IF_ERROR(Encode(plan, frame, made));
  times.entries.push_back({LiveStage::kEncode, watch.ElapsedMs() / 1000});
  if (parts.generated) {
    std::swap(output.last_mouth, parts.mouth);
    output.has_mouth = true;
  } else if (shows_mouth) {
    for (MediaMessage& message : made.media) message.header.flags |= kMediaRepeat;
  }
  parts.keep = plan.settled() && output.settings.mode == VideoMode::kPatch && made.media.size() == 1;
  if (CanRepeat(output.settings.mode)) output.last = made.media;
  return {};
}

Status FrameFinisher::Encode(FramePlan& plan, const StoredFrame& frame, MadeFrame& made) {
  FrameOutput& output = *plan.output;
  const VideoMode mode = output.settings.mode;
  const ConstYuvView picture = std::as_const(picture_).view();
  const auto place = [&](MediaHeader& header) {
    header.x = static_cast<uint16_t>(area_.x);
    header.y = static_cast<uint16_t>(area_.y);
    header.w = static_cast<uint16_t>(area_.width);
    header.h = static_cast<uint16_t>(area_.height);
    header.template_frame = static_cast<uint32_t>(plan.template_index);
  };
  if (mode == VideoMode::kRaw) {
    MediaMessage message;
    message.header.codec = MediaCodec::kRaw;
    message.header.flags = kMediaKey;
    message.header.pts_us = plan.pts_us;
    message.picture = std::make_shared<const YuvImage>(std::exchange(picture_, YuvImage()));
    place(message.header);
    made.media.push_back(std::move(message));
    return {};
  }
  if (mode == VideoMode::kPatch && !frame.has_face()) {
    MediaMessage nothing = MessageOf({{}, {}, plan.pts_us, true}, MediaKind::kPatch, MediaCodec::kJpeg);
    nothing.header.template_frame = static_cast<uint32_t>(plan.template_index);  // whose picture it is, all of it
    made.media.push_back(std::move(nothing));
    return {};
  }
  if (output.pictures == nullptr) {
    ASSIGN_OR_RETURN(output.pictures, open_pictures_({output.settings, picture.width(), picture.height(),
                                                      picture.format, output.settings.fps}));
  }
  packets_.clear();
  if (!plan.sound.empty()) RETURN_IF_ERROR(output.pictures->Sound(plan.sound, plan.sound_pts_us, packets_));
  const Rect changed = mode == VideoMode::kPatch ? Rect{0, 0, picture.width(), picture.height()}
                                                 : FrameStore::AreaOf(frame.face, picture.width(), picture.height());
  RETURN_IF_ERROR(output.pictures->Picture(picture, changed, plan.pts_us, plan.key, packets_));
  if (plan.pause) RETURN_IF_ERROR(output.pictures->Flush(packets_));
  for (LivePacket& packet : packets_) {
    const MediaKind kind = KindOf(mode, packet.kind);
    made.media.push_back(MessageOf(std::move(packet), kind, CodecOf(mode)));
    place(made.media.back().header);
  }
  return {};
}

}  // namespace lips
