// Makes planned frames: template, network, pasting, encoding.
#pragma once

#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "composite/jaw_mask.h"
#include "live/frame_encoder.h"
#include "live/frame_finisher.h"
#include "live/frame_plan.h"

namespace lips {

// The host's compute thread only; it has a team of its own to paste and encode with. Scratch memory is kept between
// batches.
class FrameMaker {
 public:
  struct Options {
    int threads = 1;  // the compute thread included
    double feather = kUsualFeather;
    LiveEncoderFactory pictures, sound;
  };
  explicit FrameMaker(Options options);
  FrameMaker(const FrameMaker&) = delete;
  FrameMaker& operator=(const FrameMaker&) = delete;

  int threads() const { return pool_.size(); }

  // Makes all of a batch, which shares one avatar's networks; `made` gets one entry per plan. The frames of a session
  // are made in their order. What fails, fails alone: a frame the network spoils repeats the session's last picture.
  void Make(std::span<FramePlan> plans, std::vector<MadeFrame>& made, StageTimes& times);

  // Sound for sinks (AudioOut kAac or kOpus), as messages; `last`: nothing is held back. Errors: those of the encoder.
  Status EncodeSound(FrameOutput& output, std::span<const float> samples, int64_t pts_us, bool last,
                     std::vector<MediaMessage>& out);

 private:
  // What one thread finishes frames with.
  struct Desk {
    explicit Desk(const Options& options) : finisher(options.pictures, options.feather) {}
    FrameFinisher finisher;
    StageTimes times;
  };

  void Prepare(FramePlan& plan, FrameParts& item, MadeFrame& made);
  void Generate(std::span<FramePlan> plans, std::vector<MadeFrame>& made);
  void Finish(std::span<FramePlan> plans, std::vector<MadeFrame>& made);

  const Options options_;
  std::vector<FrameParts> items_;
  std::vector<Generator::Job> jobs_;
  std::vector<size_t> job_items_;
  std::vector<LivePacket> packets_;
  ThreadPool pool_;
  std::vector<Desk> desks_;  // one per thread
};

}  // namespace lips
