// Makes planned frames: template, network, pasting, encoding.
#pragma once

#include <span>
#include <vector>

#include "composite/composite.h"
#include "live/frame_encoder.h"
#include "live/frame_plan.h"
#include "live/live_metrics.h"

namespace lips {

// Durations of the stages, to be added to a host's metrics.
struct StageTimes {
  struct Entry {
    LiveStage stage;
    double seconds;
  };
  std::vector<Entry> entries;
};

// The host's compute thread only. Scratch memory is kept between batches.
class FrameMaker {
 public:
  FrameMaker(LiveEncoderFactory pictures, LiveEncoderFactory sound)
      : open_pictures_(std::move(pictures)), open_sound_(std::move(sound)) {}

  // Makes all of a batch, which shares one avatar's networks, in order; `made` gets one entry per plan. What fails,
  // fails alone: a frame the network spoils repeats the session's last picture.
  void Make(std::span<FramePlan> plans, std::vector<MadeFrame>& made, StageTimes& times);

  // Sound for sinks (AudioOut kAac or kOpus), as messages; `last`: nothing is held back. Errors: those of the encoder.
  Status EncodeSound(FrameOutput& output, std::span<const float> samples, int64_t pts_us, bool last,
                     std::vector<MediaMessage>& out);

 private:
  struct Item {
    FrameStore::Handle frame;
    TemplateCache::Handle face;
    Image mouth;
    bool generated = false;  // `mouth` holds this frame's
    bool cached = false;     // the rest patch was there
  };

  void Prepare(FramePlan& plan, Item& item, MadeFrame& made);
  void Generate(std::span<FramePlan> plans, std::vector<MadeFrame>& made);
  Status Finish(FramePlan& plan, Item& item, MadeFrame& made, StageTimes& times);
  Status Encode(FramePlan& plan, const StoredFrame& frame, MadeFrame& made);
  Composite& CompositeFor(CompositeMode mode);

  LiveEncoderFactory open_pictures_;
  LiveEncoderFactory open_sound_;
  std::unique_ptr<Composite> natural_, compatible_;
  std::vector<Item> items_;
  std::vector<Generator::Job> jobs_;
  std::vector<size_t> job_items_;
  YuvImage picture_;
  std::vector<LivePacket> packets_;
};

}  // namespace lips
