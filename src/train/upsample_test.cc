#include "train/upsample.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lips {
namespace {

// By the definition, from the whole map.
float Expected(const std::vector<float>& map, int size, int channels, int y, int x, int c) {
  const double scale = (size - 1) / (2.0 * size - 1);
  double sum = 0;
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < size; ++j) {
      const double down = std::max(0.0, 1 - std::abs(y * scale - i));
      const double across = std::max(0.0, 1 - std::abs(x * scale - j));
      sum += down * across *
             map[(static_cast<size_t>(i) * static_cast<size_t>(size) + static_cast<size_t>(j)) *
                     static_cast<size_t>(channels) +
                 static_cast<size_t>(c)];
    }
  }
  return static_cast<float>(sum);
}

std::vector<float> Wave(size_t count, double pitch) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(std::sin(pitch * static_cast<double>(i)));
  return values;
}

TEST(Upsample, IsTheBilinearMapWithAlignedCorners) {
  constexpr int kSize = 7;
  constexpr int kChannels = 3;
  const std::vector<float> in = Wave(kSize * kSize * kChannels, 0.37);
  std::vector<float> out(4 * in.size());
  const UpsampleAxis axis(kSize, 0, kSize);
  Upsample(axis, axis, kChannels, in.data(), out.data());
  for (int y = 0; y < 2 * kSize; ++y) {
    for (int x = 0; x < 2 * kSize; ++x) {
      for (int c = 0; c < kChannels; ++c) {
        EXPECT_NEAR(out[static_cast<size_t>((y * 2 * kSize + x) * kChannels + c)],
                    Expected(in, kSize, kChannels, y, x, c), 1e-5);
      }
    }
  }
}

TEST(Upsample, OfAPartEqualsThatPartOfTheWholeButAtItsEdge) {
  constexpr int kWhole = 10;
  constexpr int kPart = 5;
  constexpr int kFirst = 3;
  const std::vector<float> whole = Wave(kWhole * kWhole, 0.61);
  std::vector<float> part(kPart * kPart);
  for (size_t y = 0; y < kPart; ++y) {
    for (size_t x = 0; x < kPart; ++x) part[y * kPart + x] = whole[(y + kFirst) * kWhole + x + kFirst];
  }
  std::vector<float> of_whole(4 * whole.size());
  std::vector<float> of_part(4 * part.size());
  const UpsampleAxis whole_axis(kWhole, 0, kWhole);
  const UpsampleAxis part_axis(kPart, kFirst, kWhole);
  Upsample(whole_axis, whole_axis, 1, whole.data(), of_whole.data());
  Upsample(part_axis, part_axis, 1, part.data(), of_part.data());
  for (size_t y = 1; y < 2 * kPart - 1; ++y) {
    for (size_t x = 1; x < 2 * kPart - 1; ++x) {
      EXPECT_NEAR(of_part[y * 2 * kPart + x], of_whole[(y + 2 * kFirst) * 2 * kWhole + x + 2 * kFirst], 1e-5);
    }
  }
}

// <U a, b> = <a, U' b> for all a and b.
TEST(UpsampleGradient, IsTheTransposedMap) {
  constexpr int kChannels = 2;
  for (const auto& [size, first, whole] : {std::tuple{6, 0, 6}, {5, 3, 10}, {5, 5, 10}, {1, 0, 1}, {2, 0, 2}}) {
    const auto n = static_cast<size_t>(size) * static_cast<size_t>(size) * kChannels;
    const std::vector<float> a = Wave(n, 0.9);
    const std::vector<float> b = Wave(4 * n, 0.23);
    std::vector<float> ua(4 * n);
    std::vector<float> ub(n);
    const UpsampleAxis axis(size, first, whole);
    Upsample(axis, axis, kChannels, a.data(), ua.data());
    UpsampleGradient(axis, axis, kChannels, b.data(), ub.data());
    double left = 0;
    double right = 0;
    for (size_t i = 0; i < 4 * n; ++i) left += double{ua[i]} * b[i];
    for (size_t i = 0; i < n; ++i) right += double{a[i]} * ub[i];
    EXPECT_NEAR(left, right, 1e-4) << size << " of " << whole;
  }
}

TEST(Upsample, RoundsBf16ToTheNearest) {
  const UpsampleAxis axis(2, 0, 2);
  const std::vector<uint16_t> in = {0x3F80, 0x4000, 0x4040, 0x4080};  // 1 2 3 4
  std::vector<uint16_t> out(16);
  Upsample(axis, axis, 1, in.data(), out.data());
  EXPECT_EQ(out[0], 0x3F80);
  EXPECT_EQ(out[3], 0x4000);
  EXPECT_EQ(out[1], 0x3FAB);  // 1 + 1/3 = 1.3333 lies between 1.328125 (0x3FAA) and 1.3359375 (0x3FAB)
}

}  // namespace
}  // namespace lips
