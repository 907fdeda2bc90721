#include "verify/speech_level.h"

#include <algorithm>
#include <cmath>

namespace lips {
namespace {

constexpr int kBlockSamples = 16000 / SpeechLevel::kBlocksPerSecond;
constexpr double kSilentBelowLoudDb = 40;
constexpr double kSilentDb = -70;
constexpr double kLoudBelowLoudDb = 25;
constexpr double kSmoothS = 0.040;  // sigma

int64_t BlockAt(double seconds) { return static_cast<int64_t>(std::floor(seconds * SpeechLevel::kBlocksPerSecond)); }

}  // namespace

SpeechLevel::SpeechLevel(std::span<const float> samples) {
  std::vector<double> roots;
  double previous = 0, energy = 0;
  for (size_t n = 0; n < samples.size(); ++n) {
    const double x = static_cast<double>(samples[n]);
    energy += (x - 0.97 * previous) * (x - 0.97 * previous);
    previous = x;
    if ((n + 1) % kBlockSamples != 0) continue;
    const double mean = energy / kBlockSamples;
    level_db_.push_back(static_cast<float>(10 * std::log10(mean + 1e-12)));
    roots.push_back(std::sqrt(std::sqrt(mean)));
    energy = 0;
  }
  std::vector<float> sorted = level_db_;
  std::ranges::sort(sorted);
  loud_db_ = sorted.empty() ? 0.0 : static_cast<double>(sorted[sorted.size() * 9 / 10]);

  const int reach = static_cast<int>(std::lround(3 * kSmoothS * kBlocksPerSecond));
  envelope_.resize(roots.size());
  for (int64_t k = 0; k < std::ssize(roots); ++k) {
    double sum = 0, weights = 0;
    for (int64_t j = -reach; j <= reach; ++j) {
      const double t = static_cast<double>(j) / (kSmoothS * kBlocksPerSecond);
      const double weight = std::exp(-t * t / 2);
      weights += weight;
      if (k + j >= 0 && k + j < std::ssize(roots)) sum += weight * roots[static_cast<size_t>(k + j)];
    }
    envelope_[static_cast<size_t>(k)] = static_cast<float>(sum / weights);
  }
}

double SpeechLevel::Envelope(double seconds) const {
  const double at = seconds * kBlocksPerSecond - 0.5;  // a block stands for its middle
  const auto k = static_cast<int64_t>(std::floor(at));
  const auto value = [&](int64_t i) {
    return i >= 0 && i < std::ssize(envelope_) ? static_cast<double>(envelope_[static_cast<size_t>(i)]) : 0.0;
  };
  return value(k) + (at - static_cast<double>(k)) * (value(k + 1) - value(k));
}

bool SpeechLevel::Silent(double from_s, double to_s) const {
  const double limit = std::max(loud_db_ - kSilentBelowLoudDb, kSilentDb);
  for (int64_t k = std::max<int64_t>(BlockAt(from_s), 0); k <= BlockAt(to_s) && k < blocks(); ++k) {
    if (static_cast<double>(level_db_[static_cast<size_t>(k)]) > limit) return false;
  }
  return true;
}

bool SpeechLevel::Loud(double from_s, double to_s) const {
  double energy = 0;
  int64_t count = 0;
  for (int64_t k = std::max<int64_t>(BlockAt(from_s), 0); k <= BlockAt(to_s) && k < blocks(); ++k, ++count) {
    energy += std::pow(10, static_cast<double>(level_db_[static_cast<size_t>(k)]) / 10);
  }
  return count > 0 && 10 * std::log10(energy / static_cast<double>(count) + 1e-12) > loud_db_ - kLoudBelowLoudDb;
}

}  // namespace lips
