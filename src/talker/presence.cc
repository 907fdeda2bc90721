#include "talker/presence.h"

#include <algorithm>
#include <cmath>

namespace lips {
namespace {

constexpr double kInS = 0.12;
constexpr double kOutS = 0.32;

}  // namespace

float Presence::Next(bool quiet, double fps) {
  level_ += quiet ? -1 / static_cast<double>(FadeFrames(fps)) : 1 / std::max(1.0, std::round(kInS * fps));
  level_ = std::clamp(level_, 0.0, 1.0);
  if (level_ < 1e-6) level_ = 0;  // steps that do not add up exactly
  if (level_ > 1 - 1e-6) level_ = 1;
  return static_cast<float>(level_ * level_ * (3 - 2 * level_));
}

int Presence::FadeFrames(double fps) { return std::max(1, static_cast<int>(std::lround(kOutS * fps))); }

}  // namespace lips
