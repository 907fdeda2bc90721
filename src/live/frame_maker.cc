#include "live/frame_maker.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/stats.h"

namespace lips {

FrameMaker::FrameMaker(Options options) : options_(std::move(options)), pool_(options_.threads) {
  desks_.reserve(static_cast<size_t>(pool_.size()));
  for (int i = 0; i < pool_.size(); ++i) desks_.emplace_back(options_);
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
  Finish(plans, made);
  for (size_t i = 0; i < plans.size(); ++i) {
    if (items_[i].keep && made[i].status.ok()) {
      const FrameOutput& output = *plans[i].output;
      output.avatar->KeepRestPatch(plans[i].template_index, output.settings, plans[i].presence == 0,
                                   made[i].media.front());
    }
    items_[i].frame.reset();
    items_[i].face.reset();
  }
  for (Desk& desk : desks_) {
    times.entries.insert(times.entries.end(), desk.times.entries.begin(), desk.times.entries.end());
    desk.times.entries.clear();
  }
}

// Each session's frames in order by one thread, different sessions' by all there are.
void FrameMaker::Finish(std::span<FramePlan> plans, std::vector<MadeFrame>& made) {
  const auto is_first = [plans](size_t i) {
    return std::ranges::none_of(plans.first(i), [&](const FramePlan& p) { return p.output == plans[i].output; });
  };
  const auto finish_session = [&](size_t first, Desk& desk) {
    for (size_t i = first; i < plans.size(); ++i) {
      if (plans[i].output != plans[first].output || !made[i].status.ok()) continue;
      made[i].status = desk.finisher.Finish(plans[i], items_[i], made[i], desk.times);
    }
  };
  std::atomic<size_t> next = 0;
  const auto finish = [&](Desk& desk) {
    for (size_t i = next++; i < plans.size(); i = next++) {
      if (is_first(i)) finish_session(i, desk);
    }
  };
  if (plans.size() == 1) return finish(desks_.front());  // wakes nobody
  pool_.Run([&](const Worker& worker) { finish(desks_[static_cast<size_t>(worker.index())]); });
}

void FrameMaker::Prepare(FramePlan& plan, FrameParts& item, MadeFrame& made) {
  FrameOutput& output = *plan.output;
  LiveAvatar& avatar = *output.avatar;
  item.generated = false;
  item.cached = false;
  item.keep = false;
  if (plan.mouth == MouthSource::kRepeat) return;
  if (plan.mouth == MouthSource::kHeld && !output.has_mouth) plan.mouth = MouthSource::kRest;
  if (plan.settled() && output.settings.mode == VideoMode::kPatch) {
    item.cached = avatar.FindRestPatch(plan.template_index, output.settings, plan.presence == 0) != nullptr;
    if (item.cached) return;
  }
  const bool whole = output.settings.mode != VideoMode::kPatch;
  auto frame = avatar.frames().Get(plan.template_index, whole);
  if (!frame.ok()) {
    made.status = std::move(frame).TakeError();
    return;
  }
  item.frame = std::move(frame).value();
  if (plan.mouth == MouthSource::kHeld || plan.presence == 0 || !item.frame->has_face()) return;
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

Status FrameMaker::EncodeSound(FrameOutput& output, std::span<const float> samples, int64_t pts_us, bool last,
                               std::vector<MediaMessage>& out) {
  if (output.sound == nullptr) {
    ASSIGN_OR_RETURN(output.sound, options_.sound({output.settings, 0, 0, {}, output.settings.fps}));
  }
  packets_.clear();
  RETURN_IF_ERROR(output.sound->Sound(samples, pts_us, packets_));
  if (last) RETURN_IF_ERROR(output.sound->Flush(packets_));
  const MediaCodec codec = output.settings.audio_out == AudioOut::kAac ? MediaCodec::kAac : MediaCodec::kOpus;
  for (LivePacket& packet : packets_) out.push_back(MessageOf(std::move(packet), MediaKind::kAudio, codec));
  return {};
}

}  // namespace lips
