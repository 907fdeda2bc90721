// Random numbers that are the same on every machine and in every run.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace lips::testdata {

// SplitMix64 (Steele, Lea, Flood 2014). The standard library's distributions differ between implementations; these do
// not.
class Seeded {
 public:
  explicit Seeded(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // In [0, 1).
  float Uniform() { return static_cast<float>(Bits() >> 40) * 0x1p-24F; }
  float Uniform(float low, float high) { return low + (high - low) * Uniform(); }
  // Mean 0, standard deviation 1 (Box-Muller).
  float Normal() {
    const float u = 1 - Uniform();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi_v<float> * Uniform());
  }

 private:
  uint64_t state_;
};

}  // namespace lips::testdata
