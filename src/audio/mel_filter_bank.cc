#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "audio/mel.h"

namespace lips {
namespace {

constexpr double kLowestHz = 55;
constexpr double kHighestHz = 7600;

// Slaney's scale: linear up to 1 kHz, logarithmic above.
constexpr double kHzPerLinearMel = 200.0 / 3;
constexpr double kLogFromHz = 1000;
constexpr double kLogFromMel = kLogFromHz / kHzPerLinearMel;
const double kLogStep = std::log(6.4) / 27;

double MelOfHz(double hz) {
  return hz < kLogFromHz ? hz / kHzPerLinearMel : kLogFromMel + std::log(hz / kLogFromHz) / kLogStep;
}

double HzOfMel(double mel) {
  return mel < kLogFromMel ? mel * kHzPerLinearMel : kLogFromHz * std::exp(kLogStep * (mel - kLogFromMel));
}

}  // namespace

std::vector<double> MelFilterBank() {
  // Each band is a triangle between its two neighbours' centres.
  std::array<double, kMelBands + 2> corner_hz;
  const double lowest = MelOfHz(kLowestHz);
  const double step = (MelOfHz(kHighestHz) - lowest) / (kMelBands + 1);
  for (size_t i = 0; i < corner_hz.size(); ++i) corner_hz[i] = HzOfMel(lowest + step * static_cast<double>(i));

  std::vector<double> bank;
  bank.reserve(size_t{kMelBands} * kMelBins);
  for (size_t band = 0; band < kMelBands; ++band) {
    const double left = corner_hz[band];
    const double centre = corner_hz[band + 1];
    const double right = corner_hz[band + 2];
    const double unit_area = 2 / (right - left);
    for (int bin = 0; bin < kMelBins; ++bin) {
      const double hz = static_cast<double>(bin) * kModelRateHz / kMelFftSamples;
      const double rising = (hz - left) / (centre - left);
      const double falling = (right - hz) / (right - centre);
      bank.push_back(unit_area * std::max(0.0, std::min(rising, falling)));
    }
  }
  return bank;
}

}  // namespace lips
