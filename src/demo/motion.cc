#include "demo/motion.h"

#include "demo/number.h"

namespace lips::demo {
namespace {

constexpr double kFps = 25;

// A slow wandering made of whole waves, so that it closes: about `rate_hz`, within +-1 nearly always.
class Wander {
 public:
  Wander(int64_t frames, double rate_hz, Random& random) : frames_(frames) {
    const double seconds = static_cast<double>(frames) / kFps;
    for (int i = 0; i < kWaves; ++i) {
      const double wish = rate_hz * (0.6 + 0.55 * i + 0.3 * static_cast<double>(random.Unit())) * seconds;
      waves_[i].cycles = std::max<int64_t>(1, static_cast<int64_t>(wish + 0.5));
      waves_[i].phase = random.Unit();
      waves_[i].size = 1.F / (1.25F + 0.5F * static_cast<float>(i));
    }
  }
  float At(int64_t frame) const {
    float sum = 0;
    for (const Wave& wave : waves_) {
      // Whole turns are dropped in integers, so that the last frame meets the first exactly.
      const double turn = static_cast<double>(wave.cycles * frame % frames_) / static_cast<double>(frames_);
      sum += wave.size * Sin(2 * kPi * (static_cast<float>(turn) + wave.phase));
    }
    return sum * 0.72F;
  }

 private:
  static constexpr int kWaves = 3;
  struct Wave {
    int64_t cycles = 1;
    float phase = 0;
    float size = 1;
  };
  int64_t frames_;
  Wave waves_[kWaves];
};

// Adds `shape(k)` for k in [0, count) at `start`, around the loop's end where it must.
template <typename Apply>
void Around(std::vector<Pose>& poses, int64_t start, int64_t count, const Apply& apply) {
  const auto frames = static_cast<int64_t>(poses.size());
  for (int64_t k = 0; k < std::min(count, frames); ++k) apply(poses[static_cast<size_t>((start + k) % frames)], k);
}

// A blink closes in two frames and opens in four.
void AddBlinks(std::vector<Pose>& poses, Random& random) {
  constexpr float kCourse[] = {0.45F, 1.F, 0.92F, 0.60F, 0.28F, 0.08F};
  const auto frames = static_cast<int64_t>(poses.size());
  for (int64_t at = 12 + random.Bits() % 30; at + 20 < frames; at += 48 + random.Bits() % 75) {
    const bool twice = random.Unit() < 0.12F;
    for (int64_t start = at; start <= at + (twice ? 8 : 0); start += 8) {
      Around(poses, start, 6, [&](Pose& pose, int64_t k) { pose.blink = std::max(pose.blink, kCourse[k]); });
    }
  }
}

// Eyes rest on a point, then jump. The first and the last rest are on the viewer.
void AddGaze(std::vector<Pose>& poses, Random& random) {
  const auto frames = static_cast<int64_t>(poses.size());
  float x = 0;
  float y = 0;
  int64_t until = 0;
  for (int64_t at = 0; at < frames; ++at) {
    if (at >= until || frames - at == 59) {
      const bool at_viewer = at == 0 || frames - at < 60 || random.Unit() < 0.62F;
      x = at_viewer ? 0.06F * random.Normal() * (at == 0 ? 0.F : 1.F) : random.Between(-0.62F, 0.62F);
      y = at_viewer ? 0 : random.Between(-0.35F, 0.30F);
      until = at + 18 + random.Bits() % 55;
      if (frames - at < 60) x = 0, until = frames;
    }
    Pose& pose = poses[static_cast<size_t>(at)];
    const Pose& last = poses[static_cast<size_t>(at == 0 ? 0 : at - 1)];
    pose.gaze_x = at == 0 ? x : Lerp(last.gaze_x, x, 0.68F);
    pose.gaze_y = at == 0 ? y : Lerp(last.gaze_y, y, 0.68F);
  }
}

}  // namespace

std::vector<Pose> IdleMotion(int64_t frames, uint32_t seed, float calm) {
  Random random(seed);
  std::vector<Pose> poses(static_cast<size_t>(frames));
  const Wander yaw(frames, 0.16, random), pitch(frames, 0.19, random), roll(frames, 0.13, random);
  const Wander aside(frames, 0.09, random), down(frames, 0.12, random), near(frames, 0.07, random);
  const Wander brow(frames, 0.22, random), breath_depth(frames, 0.05, random);
  const auto breaths =
      static_cast<float>(std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(frames) / kFps * 0.26 + 0.5)));
  for (int64_t n = 0; n < frames; ++n) {
    Pose& pose = poses[static_cast<size_t>(n)];
    pose.yaw = 0.105F * calm * yaw.At(n);
    pose.pitch = 0.050F * calm * pitch.At(n);
    pose.roll = 0.030F * calm * roll.At(n) + 0.12F * pose.yaw;
    pose.tx = 0.045F * calm * aside.At(n) + 0.40F * pose.yaw;
    pose.ty = 0.022F * calm * down.At(n) + 0.25F * pose.pitch;
    pose.scale = 1 + 0.012F * calm * near.At(n);
    pose.brow = 0.30F * brow.At(n) + 0.05F;
    const float turn = breaths * static_cast<float>(n) / static_cast<float>(frames);
    pose.breath = (0.5F - 0.5F * Cos(2 * kPi * turn)) * (0.8F + 0.2F * breath_depth.At(n));
  }
  AddGaze(poses, random);
  AddBlinks(poses, random);
  // Eyes stay on the viewer while the head turns.
  for (Pose& pose : poses) {
    pose.gaze_x = std::clamp(pose.gaze_x - 3.2F * pose.yaw, -1.F, 1.F);
    pose.gaze_y = std::clamp(pose.gaze_y - 2.5F * pose.pitch, -1.F, 1.F);
  }
  return poses;
}

}  // namespace lips::demo
