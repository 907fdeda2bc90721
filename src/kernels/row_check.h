// Shared by the tests of row kernels: rows of numbers with hard values, and quantisations.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "kernels/number.h"
#include "kernels/simde_table.h"

namespace lips::kernels {

constexpr NumberType kNumberTypes[] = {NumberType::kF32, NumberType::kBf16, NumberType::kU8};

inline const char* NameOf(NumberType type) {
  return type == NumberType::kF32 ? "f32" : type == NumberType::kBf16 ? "bf16" : "u8";
}

inline float RandomFloat(std::mt19937& rng) {
  return (static_cast<float>(rng() % 4001) - 2000.0f) / 1000.0f + static_cast<float>(rng() % 1000) * 1e-7f;
}

// Mostly within [-2, 2]; some values at which roundings and comparisons go wrong.
inline float HardFloat(std::mt19937& rng) {
  constexpr float kHard[] = {0.0f,
                             -0.0f,
                             1e-40f,
                             -1e-40f,
                             std::numeric_limits<float>::min(),
                             1.00390625f,   // half way between two bf16, the lower one even
                             -1.01171875f,  // the upper one even
                             3e9f,          // leaves 32 bits, and the levels
                             -3e9f,
                             std::numeric_limits<float>::max(),
                             std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN(),
                             -std::numeric_limits<float>::quiet_NaN()};
  return rng() % 4 == 0 ? kHard[rng() % std::size(kHard)] : RandomFloat(rng);
}

inline std::vector<float> FloatsBy(float (&number)(std::mt19937&), std::mt19937& rng, size_t n) {
  std::vector<float> floats(n);
  for (float& x : floats) x = number(rng);
  return floats;
}

// n numbers of a type, as bytes that end where their allocation does, so that a sanitizer sees a read past them.
inline std::vector<uint8_t> NumbersBy(float (&number)(std::mt19937&), std::mt19937& rng, NumberType type, size_t n) {
  std::vector<uint8_t> bytes = RandomBytes(rng, n * SizeOf(type));
  if (type == NumberType::kU8) return bytes;
  for (size_t i = 0; i < n; ++i) {
    const float value = number(rng);  // the upper half of a float is a bf16
    std::memcpy(bytes.data() + i * SizeOf(type), reinterpret_cast<const uint8_t*>(&value) + sizeof value - SizeOf(type),
                SizeOf(type));
  }
  return bytes;
}

// Owns what a Quantisation borrows, for values within about [-2, 2].
struct RandomQuantisation {
  RandomQuantisation(std::mt19937& rng, size_t channels) {
    for (size_t c = 0; c < channels; ++c) {
      scale.push_back(static_cast<float>(rng() % 1000 + 500) / 65536.0f);
      inverse.push_back(1.0f / scale.back());
      zero.push_back(static_cast<float>(rng() % 256));
    }
  }
  Quantisation view() const { return {scale.data(), inverse.data(), zero.data()}; }
  std::vector<float> scale, inverse, zero;
};

// body(rng, table) for every instruction set this machine has and for the emulated AVX-512, its name traced.
template <typename Body>
void ForEachTracedTable(const Body& body) {
  ForEachTable([&body](const char* name, const Table& table) {
    SCOPED_TRACE(name);
    std::mt19937 rng(7);
    body(rng, table);
  });
}

}  // namespace lips::kernels
