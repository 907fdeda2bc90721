#include "media/video_reader.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "media/upright.h"
#include "media/video_decoder.h"
#include "media/video_index.h"

namespace lips {
namespace {

// Jumping empties the decoder, so a few frames ahead are reached sooner by going on.
constexpr int64_t kWorthAJump = 4;

bool IsUsable(AVRational rate) {
  return rate.num > 0 && rate.den > 0 && av_cmp_q(rate, {1, 1}) >= 0 && av_cmp_q(rate, {240, 1}) <= 0;
}

// The nominal rate where it is true to the measured mean (containers round times), else the mean.
FrameRate RateOf(const MediaInput& input, const AVStream& stream) {
  const AVRational mean = stream.avg_frame_rate;
  const AVRational nominal =
      av_guess_frame_rate(input.context(), const_cast<AVStream*>(&stream), nullptr);  // it does not change it
  if (!IsUsable(mean) && !IsUsable(nominal)) return FrameRate();
  if (!IsUsable(mean)) return {nominal.num, nominal.den};
  const double ratio = IsUsable(nominal) ? av_q2d(nominal) / av_q2d(mean) : 0;
  const AVRational chosen = ratio > 0.99 && ratio < 1.01 ? nominal : mean;
  return {chosen.num, chosen.den};
}

}  // namespace

struct VideoReader::State {
  State(VideoDecoder decoder_in, VideoIndex index_in) : decoder(std::move(decoder_in)), index(std::move(index_in)) {}

  VideoDecoder decoder;
  VideoIndex index;
  std::optional<UprightConverter> converter;
  VideoInfo info;
  int64_t next = 0;      // what Read gives
  int64_t decoded = -1;  // the frame in decoder.picture(), or -1
  int64_t passed = -1;   // every picture still to come is of this frame or a later one; -1: move first
  int start_key = -1;    // where the decoding under way began; -1: at the first packet

  static Result<std::unique_ptr<State>> Open(VideoPackets packets, Options options);
  Status MoveToKey(int key);
  Result<bool> DecodeUntil(int64_t target);
  Status Reach(int64_t target);
};

// `key` -1: the first packet.
Status VideoReader::State::MoveToKey(int key) {
  decoded = -1;
  passed = -1;
  RETURN_IF_ERROR(key < 0 ? decoder.MoveToStart() : decoder.MoveTo(index.key(key)));
  start_key = key >= 0 && index.key(key).number == 0 ? -1 : key;
  passed = 0;
  return {};
}

// False when the decoder gave a later frame, or none.
Result<bool> VideoReader::State::DecodeUntil(int64_t target) {
  const auto wanted = [this, target](int64_t number) { return index.FrameOf(number) >= target; };
  while (decoded < target) {
    decoded = -1;
    auto number = decoder.Next(wanted);
    if (!number.ok()) {
      passed = -1;
      if (number.error().code() == ErrorCode::kEndOfStream) return false;
      return std::move(number).TakeError();
    }
    const int64_t frame = index.FrameOf(number.value());
    if (frame < passed) continue;  // before an open group's first picture, or never to be shown
    decoded = frame;
    passed = frame + 1;
  }
  return decoded == target;
}

Status VideoReader::State::Reach(int64_t target) {
  if (decoded == target) return {};
  const int key = index.KeyBefore(target);
  const bool behind = passed < 0 || target < passed;
  if (behind || (key >= 0 && index.FrameOfKey(key) > passed + kWorthAJump)) RETURN_IF_ERROR(MoveToKey(key));
  ASSIGN_OR_RETURN(bool found, DecodeUntil(target));
  // Some streams call a picture a keyframe that needs what came before it; one group earlier is enough for most.
  while (!found && start_key >= 0) {
    const bool second_try = start_key < key;
    RETURN_IF_ERROR(MoveToKey(second_try ? -1 : start_key - 1));
    ASSIGN_OR_RETURN(found, DecodeUntil(target));
  }
  if (found) return {};
  passed = -1;
  decoded = -1;
  return Error(ErrorCode::kCorrupted,
               "frame " + std::to_string(target) + " of " + std::to_string(index.frames()) + " cannot be decoded");
}

Result<std::unique_ptr<VideoReader::State>> VideoReader::State::Open(VideoPackets packets, Options options) {
  ASSIGN_OR_RETURN(VideoDecoder new_decoder, VideoDecoder::Create(std::move(packets), options.threads));
  ASSIGN_OR_RETURN(VideoIndex new_index, VideoIndex::Build(new_decoder));
  auto state = std::make_unique<State>(std::move(new_decoder), std::move(new_index));
  RETURN_IF_ERROR(state->Reach(0));
  const VideoPackets& source = state->decoder.packets();
  ASSIGN_OR_RETURN(state->converter, UprightConverter::Create(state->decoder.picture(), source.stream()));
  VideoInfo& info = state->info;
  info.width = state->converter->width();
  info.height = state->converter->height();
  info.fps = RateOf(source.input(), source.stream());
  info.frames = state->index.frames();
  info.format = state->converter->format();
  info.alpha = state->converter->alpha();
  return state;
}

VideoReader::VideoReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

Result<VideoReader> VideoReader::Open(const Path& path, Options options) {
  ASSIGN_OR_RETURN(VideoPackets packets, VideoPackets::Open(path));
  auto state = State::Open(std::move(packets), options);
  if (!state.ok()) return std::move(state).TakeError().Within("'" + path.string() + "'");
  return VideoReader(std::move(state).value());
}

Result<VideoReader> VideoReader::Open(const FilePart& file, Options options) {
  ASSIGN_OR_RETURN(VideoPackets packets, VideoPackets::Open(file));
  auto state = State::Open(std::move(packets), options);
  if (!state.ok()) return std::move(state).TakeError().Within("'" + file.name() + "'");
  return VideoReader(std::move(state).value());
}

Result<VideoReader> VideoReader::OpenBytes(std::span<const uint8_t> bytes, std::string name, Options options) {
  ASSIGN_OR_RETURN(VideoPackets packets, VideoPackets::OpenBytes(bytes, name));
  auto state = State::Open(std::move(packets), options);
  if (!state.ok()) return std::move(state).TakeError().Within("'" + name + "'");
  return VideoReader(std::move(state).value());
}

const VideoInfo& VideoReader::info() const { return state_->info; }

Status VideoReader::Seek(int64_t frame) {
  if (frame < 0 || frame >= state_->info.frames) {
    return Error(ErrorCode::kInvalidInput, "'" + state_->decoder.packets().name() + "': frame " +
                                               std::to_string(frame) + " is outside [0, " +
                                               std::to_string(state_->info.frames) + ")");
  }
  state_->next = frame;
  return {};
}

Status VideoReader::Read(YuvImage& out, Plane* alpha) {
  State& state = *state_;
  const std::string& name = state.decoder.packets().name();
  if (state.next >= state.info.frames) return Error(ErrorCode::kEndOfStream, "end of '" + name + "'");
  Status status = state.Reach(state.next);
  if (!status.ok()) return std::move(status).TakeError().Within("'" + name + "'");
  status = state.converter->Convert(state.decoder.picture(), out);
  if (!status.ok()) {
    return std::move(status).TakeError().Within("'" + name + "': frame " + std::to_string(state.next));
  }
  if (alpha != nullptr && state.info.alpha) state.converter->ConvertAlpha(state.decoder.picture(), *alpha);
  ++state.next;
  return {};
}

int64_t VideoReader::KeyframeAtOrBefore(int64_t frame) const {
  const State& state = *state_;
  const int64_t inside = std::clamp<int64_t>(frame, 0, state.info.frames - 1);
  const int key = state.index.KeyBefore(inside);
  return key < 0 ? 0 : state.index.FrameOfKey(key);
}

}  // namespace lips
