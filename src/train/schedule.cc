#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lips {
namespace {

constexpr double kSoundEnds = 0.12;
constexpr double kLiveEnds = 0.25;
constexpr double kMouthEnds = 0.75;
constexpr double kWarmUpSteps = 60;
constexpr double kLastRate = 0.01;  // of the peak
constexpr double kSoundRate = 1.0;  // of the peak, constant

}  // namespace

std::string_view Name(Stage stage) {
  switch (stage) {
    case Stage::kSound: return "sound";
    case Stage::kMouth: return "mouth";
    case Stage::kFolded: return "mouth, folded";
    case Stage::kFace: return "face";
  }
  return "";
}

StagePlan PlanAt(double progress, int64_t step, const ScheduleOptions& options) {
  StagePlan plan;
  const double warm_up = std::min(1.0, (static_cast<double>(step) + 1) / kWarmUpSteps);
  const double start = options.has_mouth ? kSoundEnds : 0;
  if (progress < start) {
    plan = {.stage = Stage::kSound, .runs = 4, .run_frames = 16, .pictures = 0};
    plan.learning_rate = options.peak_rate * kSoundRate * warm_up;
    return plan;
  }
  plan.stage = progress < kLiveEnds ? Stage::kMouth : progress < kMouthEnds ? Stage::kFolded : Stage::kFace;
  if (plan.stage == Stage::kFace) plan.runs = 2;
  const double share = std::clamp((progress - start) / (1 - start), 0.0, 1.0);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * share));
  plan.learning_rate = options.peak_rate * (kLastRate + (1 - kLastRate) * cosine) * warm_up;
  return plan;
}

}  // namespace lips
