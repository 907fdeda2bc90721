#include "live/frame_maker.h"

#include <utility>

#include "base/stats.h"

namespace lips {
namespace {

void Repeat(const FrameOutput& output, MadeFrame& made) {
  made.media = output.last;
  for (MediaMessage& message : made.media) message.header.flags |= kMediaRepeat;
}

MediaMessage MessageOf(LivePacket packet, MediaKind kind, MediaCodec codec) {
  MediaMessage message;
  message.header.kind = kind;
  message.header.codec = codec;
  message.header.pts_us = packet.pts_us;
  if (packet.key) message.header.flags |= kMediaKey;
  message.payload = std::make_shared<const std::vector<uint8_t>>(std::move(packet.bytes));
  return message;
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

Composite& FrameMaker::CompositeFor(CompositeMode mode) {
  auto& composite = mode == CompositeMode::kNatural ? natural_ : compatible_;
  if (composite == nullptr) composite = MakeComposite(mode);
  return *composite;
}

void FrameMaker::Make(std::span<FramePlan> plans, std::vector<MadeFrame>& made, StageTimes& times) {
  made.clear();
  made.resize(plans.size());
  if (items_.size() < plans.size()) items_.resize(plans.size());
  jobs_.clear();
  job_items_.clear();
  for (size_t i = 0; i < plans.size(); ++i) {
    const Stopwatch watch;
    Prepare(plans[i], items_[i], made[i]);
    times.entries.push_back({LiveStage::kDecode, watch.ElapsedMs() / 1000});
  }
  if (!jobs_.empty()) {
    const Stopwatch watch;
    Generate(plans, made);
    const double each = watch.ElapsedMs() / 1000 / static_cast<double>(jobs_.size());
    for (size_t i = 0; i < jobs_.size(); ++i) times.entries.push_back({LiveStage::kInfer, each});
  }
  for (size_t i = 0; i < plans.size(); ++i) {
    if (made[i].status.ok()) made[i].status = Finish(plans[i], items_[i], made[i], times);
    items_[i].frame.reset();
    items_[i].face.reset();
  }
}

void FrameMaker::Prepare(FramePlan& plan, Item& item, MadeFrame& made) {
  FrameOutput& output = *plan.output;
  LiveAvatar& avatar = *output.avatar;
  item.generated = false;
  item.cached = false;
  if (plan.mouth == MouthSource::kRepeat) return;
  if (plan.mouth == MouthSource::kHeld && !output.has_mouth) plan.mouth = MouthSource::kRest;
  if (plan.mouth == MouthSource::kRest && output.settings.mode == VideoMode::kPatch) {
    item.cached = avatar.FindRestPatch(plan.template_index, output.settings) != nullptr;
    if (item.cached) return;
  }
  const bool whole = output.settings.mode != VideoMode::kPatch;
  auto frame = avatar.frames().Get(plan.template_index, whole);
  if (!frame.ok()) {
    made.status = std::move(frame).TakeError();
    return;
  }
  item.frame = std::move(frame).value();
  if (plan.mouth == MouthSource::kHeld || !item.frame->has_face()) return;
  auto face = avatar.TemplateOf(plan.template_index);
  if (!face.ok()) {
    made.status = std::move(face).TakeError();
    return;
  }
  item.face = std::move(face).value();
  const int side = avatar.generator().size_px();
  item.mouth.Resize(side, side);
  const std::vector<float>& window = plan.mouth == MouthSource::kRest ? avatar.rest_window() : plan.window;
  jobs_.push_back({item.face.get(), window, item.mouth.view()});
  job_items_.push_back(static_cast<size_t>(&item - items_.data()));
}

// A batch that fails is taken apart, so that only the frame at fault is lost.
void FrameMaker::Generate(std::span<FramePlan> plans, std::vector<MadeFrame>& made) {
  Generator& generator = plans.front().output->avatar->generator();
  const bool together = generator.Generate(jobs_).ok();
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const size_t plan = job_items_[i];
    Status status = together ? Status() : generator.Generate(std::span(jobs_).subspan(i, 1));
    items_[plan].generated = status.ok();
    if (status.ok()) continue;
    made[plan].invalid = status.error().code() == ErrorCode::kCorrupted;
    if (!made[plan].invalid) made[plan].status = std::move(status);
  }
}

Status FrameMaker::Finish(FramePlan& plan, Item& item, MadeFrame& made, StageTimes& times) {
  FrameOutput& output = *plan.output;
  if (plan.mouth == MouthSource::kRepeat || made.invalid) {
    if (CanRepeat(output.settings.mode)) Repeat(output, made);
    return {};
  }
  if (item.cached) {
    made.media = {*output.avatar->FindRestPatch(plan.template_index, output.settings)};
    made.media.front().header.pts_us = plan.pts_us;
    output.last = made.media;
    return {};
  }
  Stopwatch watch;
  const StoredFrame& frame = *item.frame;
  picture_.Resize(frame.area.width, frame.area.height, frame.picture.format());
  CopyPixels(frame.picture.view(), picture_.view());
  if (frame.has_face()) {
    const Image& mouth = item.generated ? item.mouth : output.last_mouth;
    CompositeFor(output.settings.composite).Paste(frame.crop.view(), mouth.view(), frame.face, picture_.view());
  }
  times.entries.push_back({LiveStage::kComposite, watch.ElapsedMs() / 1000});
  watch.Restart();
  RETURN_IF_ERROR(Encode(plan, frame, made));
  times.entries.push_back({LiveStage::kEncode, watch.ElapsedMs() / 1000});
  if (item.generated) {
    std::swap(output.last_mouth, item.mouth);
    output.has_mouth = true;
  } else if (frame.has_face()) {
    for (MediaMessage& message : made.media) message.header.flags |= kMediaRepeat;
  }
  if (plan.mouth == MouthSource::kRest && output.settings.mode == VideoMode::kPatch && made.media.size() == 1) {
    output.avatar->KeepRestPatch(plan.template_index, output.settings, made.media.front());
  }
  if (CanRepeat(output.settings.mode)) output.last = made.media;
  return {};
}

Status FrameMaker::Encode(FramePlan& plan, const StoredFrame& frame, MadeFrame& made) {
  FrameOutput& output = *plan.output;
  const VideoMode mode = output.settings.mode;
  const ConstYuvView picture = std::as_const(picture_).view();
  const auto place = [&](MediaHeader& header) {
    header.x = static_cast<uint16_t>(frame.area.x);
    header.y = static_cast<uint16_t>(frame.area.y);
    header.w = static_cast<uint16_t>(frame.area.width);
    header.h = static_cast<uint16_t>(frame.area.height);
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

Status FrameMaker::EncodeSound(FrameOutput& output, std::span<const float> samples, int64_t pts_us, bool last,
                               std::vector<MediaMessage>& out) {
  if (output.sound == nullptr) {
    ASSIGN_OR_RETURN(output.sound, open_sound_({output.settings, 0, 0, {}, output.settings.fps}));
  }
  packets_.clear();
  RETURN_IF_ERROR(output.sound->Sound(samples, pts_us, packets_));
  if (last) RETURN_IF_ERROR(output.sound->Flush(packets_));
  const MediaCodec codec = output.settings.audio_out == AudioOut::kAac ? MediaCodec::kAac : MediaCodec::kOpus;
  for (LivePacket& packet : packets_) out.push_back(MessageOf(std::move(packet), MediaKind::kAudio, codec));
  return {};
}

}  // namespace lips
