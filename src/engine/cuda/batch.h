// Frames that go through a device together.
#pragma once

#include <memory>
#include <span>

#include "engine/cuda/network.h"
#include "engine/generator.h"

namespace lips::cuda {

// Everything of one face, in the device's memory: see TemplateLayout.
class FaceTemplate : public Generator::Template {
 public:
  explicit FaceTemplate(Memory memory) : memory_(std::move(memory)) {}
  size_t bytes() const override { return memory_.bytes(); }
  uint8_t* data() const { return memory_.data(); }

 private:
  Memory memory_;
};

// Frames of one batch size: what goes up, what comes down, and the graph between.
class Batch {
 public:
  // Of the picture only the rows with pixels in `used` come down; empty: all.
  static Result<std::unique_ptr<Batch>> Make(const Network& network, size_t images, std::span<const uint8_t> used,
                                             const Stream& stream);

  size_t images() const { return images_; }
  // As many jobs as images. Nothing may be started again before it is finished.
  Status Start(std::span<const Generator::Job> jobs, const Stream& stream);
  // Waits for what was started and fills the jobs' mouths. Errors: kCorrupted naming a job by its place in `jobs`,
  // counted from `first`.
  Status Finish(std::span<const Generator::Job> jobs, size_t first);
  const Run& run() const { return run_; }

 private:
  Status Enqueue(const Stream& stream) const;

  size_t images_ = 0, audio_floats_ = 0;
  int size_px_ = 0;
  int top_ = 0, bottom_ = 0;                    // rows that come down
  size_t audio_at_ = 0, up_bytes_ = 0;          // up: where templates lie [images], then audio [images, floats]
  size_t pictures_at_ = 0, picture_bytes_ = 0;  // down: broken [images], then pictures
  Memory up_host_, up_, down_host_, down_;
  Run run_;
  CapturedGraph graph_;
  Event done_;
};

}  // namespace lips::cuda
