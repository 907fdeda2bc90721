#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lips {
namespace {

constexpr double kSoundEnds = 0.12;
constexpr double kMoreSoundEnds = 0.3;  // there is more to learn from
constexpr double kLiveLasts = 0.13;
constexpr double kMouthEnds = 0.75;
constexpr double kWarmUpSteps = 60;
constexpr double kLastRate = 0.01;  // of the peak
constexpr double kMoreSoundLastRate = 0.1;
// An ear that learned from hours of sound goes on as slowly as it ended: at the rate at which drawing begins it would
// lose what it knows of voices and words that are not drawn.
constexpr double kHearingShare = kMoreSoundLastRate;

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
  const auto rate = [&](double share, double last) {
    const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(share, 0.0, 1.0)));
    return options.peak_rate * (last + (1 - last) * cosine) * warm_up;
  };
  const double usual = options.has_more_sound ? kMoreSoundEnds : kSoundEnds;
  const double start = !options.has_mouth || options.keep_hearing ? 0
                       : options.sound_share > 0                  ? options.sound_share
                                                                  : usual;
  if (progress < start) {
    plan = {.stage = Stage::kSound, .runs = 4, .run_frames = 16, .pictures = 0};
    const bool alone = start >= 1;  // nothing follows
    plan.learning_rate = rate(alone ? progress : 0, kLastRate);
    plan.runs *= options.batch;
    if (!options.has_more_sound) return plan;
    plan.runs = 2 * options.batch;
    plan.more_runs = 3 * options.batch;
    plan.learning_rate = rate(progress / start, alone ? kLastRate : kMoreSoundLastRate);
    return plan;
  }
  const double live_ends = options.keep_hearing ? 0 : start + kLiveLasts;
  plan.stage = progress < live_ends ? Stage::kMouth : progress < kMouthEnds ? Stage::kFolded : Stage::kFace;
  plan.whole = plan.stage == Stage::kFace || (options.filmed && (plan.stage == Stage::kMouth || step % 2 == 0));
  if (plan.whole) plan.runs = 2;
  plan.runs *= options.batch;
  if (options.keep_hearing) {
    plan.hearing_share = 0;
  } else if (options.has_more_sound) {
    plan.more_runs = options.batch;
    plan.hearing_share = kHearingShare;
  }
  plan.learning_rate = rate((progress - start) / (1 - start), kLastRate);
  return plan;
}

}  // namespace lips
