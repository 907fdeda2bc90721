#include "verify/delay.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lips {
namespace {

constexpr double kStepMs = 5;
constexpr int kSteps = 100;  // either way
constexpr double kSlowS = 0.5;
constexpr int kFewestFrames = 25;

// Takes a moving mean away.
std::vector<double> WithoutSlow(const std::vector<double>& signal, int reach) {
  std::vector<double> out(signal.size());
  const auto count = static_cast<int64_t>(signal.size());
  for (int64_t n = 0; n < count; ++n) {
    double sum = 0;
    const int64_t first = std::max<int64_t>(n - reach, 0), end = std::min(n + reach + 1, count);
    for (int64_t k = first; k < end; ++k) sum += signal[static_cast<size_t>(k)];
    out[static_cast<size_t>(n)] = signal[static_cast<size_t>(n)] - sum / static_cast<double>(end - first);
  }
  return out;
}

struct Frames {
  size_t first = 0, end = 0;
};

// Everything at hand for one video.
class Tracks {
 public:
  Tracks(std::span<const float> cells, int cell_count, double fps, const std::function<double(double)>& envelope)
      : frames_(cells.size() / static_cast<size_t>(cell_count)), fps_(fps) {
    const int reach = std::max(1, static_cast<int>(std::lround(kSlowS * fps / 2)));
    for (size_t c = 0; c < static_cast<size_t>(cell_count); ++c) {
      std::vector<double> track(frames_);
      for (size_t n = 0; n < frames_; ++n)
        track[n] = static_cast<double>(cells[n * static_cast<size_t>(cell_count) + c]);
      cells_.push_back(WithoutSlow(track, reach));
    }
    for (int step = -kSteps; step <= kSteps; ++step) {
      std::vector<double> sound(frames_);
      for (size_t n = 0; n < frames_; ++n) sound[n] = envelope(static_cast<double>(n) / fps_ - step * kStepMs / 1000);
      sounds_.push_back(WithoutSlow(sound, reach));
    }
  }

  size_t frames() const { return frames_; }

  std::vector<double> Covariances(int step, Frames among) const {
    const std::vector<double>& sound = sounds_[static_cast<size_t>(step + kSteps)];
    std::vector<double> out;
    for (const std::vector<double>& cell : cells_) {
      double sum = 0;
      for (size_t n = among.first; n < among.end; ++n) sum += cell[n] * sound[n];
      out.push_back(sum);
    }
    return out;
  }

  // How much of the mouth follows the sound at a delay, as a share of what the sound could explain.
  double Agreement(int step, Frames among) const {
    double squares = 0, sound_squares = 0;
    for (const double covariance : Covariances(step, among)) squares += covariance * covariance;
    for (size_t n = among.first; n < among.end; ++n) {
      const double s = sounds_[static_cast<size_t>(step + kSteps)][n];
      sound_squares += s * s;
    }
    return sound_squares > 0 ? squares / sound_squares : 0;
  }

  int BestStep(Frames among) const {
    int best = -kSteps;
    double most = -1;
    for (int step = -kSteps; step <= kSteps; ++step) {
      const double agreement = Agreement(step, among);
      if (agreement > most) most = agreement, best = step;
    }
    return best;
  }

  std::vector<double> Opening(const std::vector<double>& weights) const {
    std::vector<double> out(frames_);
    double norm = 0;
    for (const double w : weights) norm += w * w;
    for (size_t c = 0; c < cells_.size() && norm > 0; ++c) {
      for (size_t n = 0; n < frames_; ++n) out[n] += weights[c] / std::sqrt(norm) * cells_[c][n];
    }
    return out;
  }

  double Correlation(const std::vector<double>& opening, int step, Frames among) const {
    const std::vector<double>& sound = sounds_[static_cast<size_t>(step + kSteps)];
    double xy = 0, xx = 0, yy = 0;
    for (size_t n = among.first; n < among.end; ++n) {
      xy += opening[n] * sound[n];
      xx += opening[n] * opening[n];
      yy += sound[n] * sound[n];
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
  }

 private:
  size_t frames_;
  double fps_;
  std::vector<std::vector<double>> cells_;   // [cell][frame]
  std::vector<std::vector<double>> sounds_;  // [step][frame]
};

}  // namespace

Delay FindDelay(std::span<const float> cells, int cell_count, double frames_per_second,
                const std::function<double(double)>& envelope) {
  const Tracks tracks(cells, cell_count, frames_per_second, envelope);
  Delay delay;
  delay.ms = std::numeric_limits<double>::quiet_NaN();
  if (tracks.frames() < kFewestFrames) return delay;
  const Frames all = {0, tracks.frames()};
  const int best = tracks.BestStep(all);
  const std::vector<double> opening = tracks.Opening(tracks.Covariances(best, all));
  delay.opening.assign(opening.begin(), opening.end());

  double between = 0;
  if (std::abs(best) < kSteps) {
    const double before = tracks.Agreement(best - 1, all), here = tracks.Agreement(best, all),
                 after = tracks.Agreement(best + 1, all);
    const double bend = before - 2 * here + after;
    if (bend < 0) between = std::clamp(0.5 * (before - after) / bend, -0.5, 0.5);
  }
  const Frames halves[2] = {{0, all.end / 2}, {all.end / 2, all.end}};
  double correlation = 0;
  for (int k = 0; k < 2; ++k) {
    const std::vector<double> learnt = tracks.Opening(tracks.Covariances(best, halves[1 - k]));
    correlation += tracks.Correlation(learnt, best, halves[k]) / 2;
  }
  delay.correlation = std::max(correlation, 0.0);
  delay.ms = (best + between) * kStepMs;
  return delay;
}

}  // namespace lips
