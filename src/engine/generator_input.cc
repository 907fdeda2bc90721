#include "engine/generator_input.h"

namespace lips {
namespace {

std::string SizeOf(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

}  // namespace

Status CheckFaces(const Generator& generator, ConstImageView roi, ConstImageView masked) {
  const int side = generator.size_px();
  for (const ConstImageView& view : {roi, masked}) {
    if (view.width == side && view.height == side) continue;
    return Error(ErrorCode::kInvalidInput,
                 "face of " + SizeOf(view.width, view.height) + ", the network takes " + SizeOf(side, side));
  }
  return {};
}

Status CheckJobSizes(const Generator& generator, const Generator::Job& job, const std::string& name) {
  if (static_cast<int64_t>(job.audio.size()) != generator.audio_floats()) {
    return Error(ErrorCode::kInvalidInput, name + " has " + std::to_string(job.audio.size()) +
                                               " audio numbers, expected " + std::to_string(generator.audio_floats()));
  }
  const int side = generator.size_px();
  if (job.mouth.width == side && job.mouth.height == side) return {};
  return Error(ErrorCode::kInvalidInput, name + " wants a mouth of " + SizeOf(job.mouth.width, job.mouth.height) +
                                             ", the network gives " + SizeOf(side, side));
}

}  // namespace lips
