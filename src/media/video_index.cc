#include "media/video_index.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace lips {

// What one pass over the packets tells.
struct VideoIndex::Scan {
  std::vector<int64_t> pts;
  std::vector<bool> hidden;  // decoded for others' sake only (before an edit list's start)
  std::vector<KeyPacket> keys;
  bool doubtful = false;  // the times do not tell the frames
};

namespace {

// Codecs and containers where one packet is not one frame, or carries no presentation time of its own.
bool PacketsMayNotBeFrames(const AVStream& stream, const AVInputFormat& format) {
  const AVCodecParameters& parameters = *stream.codecpar;
  const bool fields = parameters.field_order != AV_FIELD_UNKNOWN && parameters.field_order != AV_FIELD_PROGRESSIVE;
  const bool hidden_pictures = parameters.codec_id == AV_CODEC_ID_VP8;
  const bool packed_b_frames = std::string_view(format.name) == "avi" && parameters.video_delay > 0;
  const bool stream_of_bytes = std::string_view(format.name) == "mpegts";
  const bool bare = (format.flags & AVFMT_NOTIMESTAMPS) != 0;
  return fields || hidden_pictures || packed_b_frames || stream_of_bytes || bare;
}

}  // namespace

Result<VideoIndex> VideoIndex::Build(VideoDecoder& decoder) {
  VideoPackets& packets = decoder.packets();
  const PacketPtr packet = NewPacket();
  if (packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot read packets");
  Scan scan;
  scan.doubtful = PacketsMayNotBeFrames(packets.stream(), *packets.input().context()->iformat);
  for (;;) {
    auto number = packets.Next(*packet);
    if (!number.ok() && number.error().code() == ErrorCode::kResourceLimit) return std::move(number).TakeError();
    if (!number.ok()) {  // a file that stops in the middle is used as far as it goes
      scan.doubtful |= number.error().code() != ErrorCode::kEndOfStream;
      break;
    }
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const bool hidden = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
    scan.doubtful |= (packet->flags & AV_PKT_FLAG_CORRUPT) != 0 || (number.value() == 0 && !key) || packet->size == 0;
    scan.doubtful |= packet->pts == AV_NOPTS_VALUE;
    scan.pts.push_back(packet->pts);
    scan.hidden.push_back(hidden);
    if (key) scan.keys.push_back({number.value(), packet->pos, packet->pts, packet->dts});
  }
  const AVStream& stream = packets.stream();
  // More frames promised than there are packets: the file was cut, and its last packets may not decode.
  scan.doubtful |= stream.nb_frames > static_cast<int64_t>(scan.pts.size());

  VideoIndex index;
  if (!scan.doubtful) scan.doubtful = !index.OrderByTime(scan).ok();
  if (scan.doubtful) RETURN_IF_ERROR(index.OrderByDecoding(decoder, scan.pts.size()));
  if (index.frames() == 0) {
    return Error(ErrorCode::kCorrupted,
                 "no frame can be decoded (" + std::to_string(scan.pts.size()) + " video packets)");
  }
  index.keys_ = std::move(scan.keys);
  index.KeepShownKeys();
  return index;
}

// Errors when two shown packets claim the same time.
Status VideoIndex::OrderByTime(const Scan& scan) {
  packet_of_frame_.clear();
  for (size_t number = 0; number < scan.pts.size(); ++number) {
    if (!scan.hidden[number]) packet_of_frame_.push_back(static_cast<int32_t>(number));
  }
  const auto time = [&scan](int32_t number) { return scan.pts[static_cast<size_t>(number)]; };
  std::sort(packet_of_frame_.begin(), packet_of_frame_.end(),
            [&time](int32_t a, int32_t b) { return time(a) < time(b); });
  const auto twin = std::adjacent_find(packet_of_frame_.begin(), packet_of_frame_.end(),
                                       [&time](int32_t a, int32_t b) { return time(a) == time(b); });
  if (twin != packet_of_frame_.end()) return Error(ErrorCode::kCorrupted, "two packets have the same time");
  frame_of_packet_.assign(scan.pts.size(), -1);
  for (size_t frame = 0; frame < packet_of_frame_.size(); ++frame) {
    frame_of_packet_[static_cast<size_t>(packet_of_frame_[frame])] = static_cast<int32_t>(frame);
  }
  return {};
}

Status VideoIndex::OrderByDecoding(VideoDecoder& decoder, size_t packet_count) {
  packet_of_frame_.clear();
  frame_of_packet_.assign(packet_count, -1);
  RETURN_IF_ERROR(decoder.MoveToStart());
  for (;;) {
    auto number = decoder.Next([](int64_t) { return true; });
    if (!number.ok() && number.error().code() == ErrorCode::kEndOfStream) return {};
    if (!number.ok()) return std::move(number).TakeError();
    const auto packet = static_cast<size_t>(number.value());
    if (packet >= packet_count || frame_of_packet_[packet] >= 0) continue;  // a second picture from one packet
    frame_of_packet_[packet] = static_cast<int32_t>(packet_of_frame_.size());
    packet_of_frame_.push_back(static_cast<int32_t>(packet));
  }
}

// Decoding starts at keyframes that are shown, in an order that is the same by number and by frame.
void VideoIndex::KeepShownKeys() {
  std::vector<KeyPacket> shown;
  for (const KeyPacket& key : keys_) {
    const int64_t frame = FrameOf(key.number);
    if (frame < 0 || (!shown.empty() && frame <= FrameOf(shown.back().number))) continue;
    shown.push_back(key);
  }
  keys_ = std::move(shown);
}

int64_t VideoIndex::FrameOf(int64_t number) const {
  if (number < 0 || number >= static_cast<int64_t>(frame_of_packet_.size())) return -1;
  return frame_of_packet_[static_cast<size_t>(number)];
}

int VideoIndex::KeyBefore(int64_t frame) const {
  const auto after = std::upper_bound(keys_.begin(), keys_.end(), frame, [this](int64_t target, const KeyPacket& key) {
    return target < FrameOf(key.number);
  });
  return static_cast<int>(after - keys_.begin()) - 1;
}

}  // namespace lips
