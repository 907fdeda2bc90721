// A plan on a device, ready to run for one number of images at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/cuda/device.h"
#include "engine/cuda/plan.h"

namespace lips::cuda {

// A plan and its constants in a device's memory, shared by all that run it.
class Program {
 public:
  static Result<Program> Make(Plan plan, const Device& device);

  const Plan& plan() const { return plan_; }
  const uint8_t* constants() const { return constants_.data(); }
  const Device& device() const { return device_; }

 private:
  Plan plan_;
  Memory constants_;
  Device device_;
};

// Launches of a program for a number of images, with the memory they work in. One run at a time.
class Run {
 public:
  // `bindings` lacks constants, arena and what they say of the device; the program outlives the run.
  static Result<Run> Make(const Program& program, Bindings bindings);
  // Puts the launches on `stream`, or into the graph it captures.
  Status Enqueue(const Stream& stream) const;
  std::span<const Launch> launches() const { return bound_.launches; }

 private:
  Bound bound_;
  Memory arena_, lists_;
};

}  // namespace lips::cuda
