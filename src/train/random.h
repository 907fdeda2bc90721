// Random numbers that depend on nothing but their seed: the same on every machine, and any draw can be made again.
#pragma once

#include <cmath>
#include <cstdint>

namespace lips {

// A stream of numbers for (seed, stream): one for each step and worker, so that a resumed run draws what the
// uninterrupted one would have drawn. Source: Steele, Lea, Flood 2014 (SplitMix64).
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : state_(Mix(seed) ^ Mix(stream + kGolden)) {}

  uint64_t Bits() { return Mix(state_ += kGolden); }
  // In [0, n); n >= 1.
  int64_t Below(int64_t n) { return static_cast<int64_t>(Bits() % static_cast<uint64_t>(n)); }
  // From low to high.
  float Uniform(float low, float high) { return low + (high - low) * Unit(); }
  bool Chance(float probability) { return Unit() < probability; }
  // Mean 0, deviation 1.
  float Normal() {
    const float radius = std::sqrt(-2.0f * std::log(1.0f - Unit()));
    return radius * std::cos(6.2831853f * Unit());
  }

 private:
  // In [0, 1), as many bits as a float holds: more would be rounded up to 1 now and then.
  float Unit() { return static_cast<float>(Bits() >> 40) * 0x1p-24f; }

  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace lips
