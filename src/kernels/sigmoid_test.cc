// The sigmoid against std::exp in double, and every instruction set against the scalar definition.
#include "kernels/sigmoid.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "kernels/row_check.h"

namespace lips::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Every float whose lowest 12 bits are a pattern, of both signs: all magnitudes, subnormal to the largest.
std::vector<float> AllMagnitudes() {
  std::vector<float> floats;
  for (uint32_t bits = 0; bits < 0x7f800000U; bits += 0x1000U) {
    const auto x = std::bit_cast<float>(bits | (bits >> 12 & 0xfffU));
    floats.insert(floats.end(), {x, -x});
  }
  return floats;
}

TEST(SigmoidRow, IsWithinToleranceOfTheExponentialInDouble) {
  const std::vector<float> in = AllMagnitudes();
  std::vector<float> out(in.size());
  EXPECT_TRUE(Active().sigmoid_row(out.data(), in.data(), in.size()));
  double largest = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    const double error = std::fabs(out[i] - 1.0 / (1.0 + std::exp(-static_cast<double>(in[i]))));
    largest = std::max(largest, error);
    ASSERT_LE(error, 1e-7) << in[i];
  }
  RecordProperty("largest_error", std::to_string(largest * 1e9) + "e-9");
}

TEST(SigmoidRow, EqualsScalarForAllMagnitudes) {
  const std::vector<float> in = AllMagnitudes();
  std::vector<float> want(in.size()), got(in.size());
  SigmoidRow_scalar(want.data(), in.data(), in.size());
  ForEachTable([&](const char* name, const Table& table) {
    EXPECT_TRUE(table.sigmoid_row(got.data(), in.data(), in.size())) << name;
    EXPECT_EQ(got, want) << name;
  });
}

TEST(SigmoidRow, Saturates) {
  ForEachTable([&](const char* name, const Table& table) {
    SCOPED_TRACE(name);
    // Twice a vector, so that both the vector's and the remainder's way are taken.
    const std::vector<float> high(33, 17.5f), low(33, -87.0f), lowest(33, std::numeric_limits<float>::lowest());
    std::vector<float> out(33);
    EXPECT_TRUE(table.sigmoid_row(out.data(), high.data(), 33));
    for (const float y : out) EXPECT_EQ(y, 1.0f);
    for (const auto& in : {low, lowest}) {
      EXPECT_TRUE(table.sigmoid_row(out.data(), in.data(), 33));
      for (const float y : out) EXPECT_TRUE(y > 0.0f && y < 2e-38f) << y;
    }
  });
}

TEST(SigmoidRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const size_t n : {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100}) {
      SCOPED_TRACE(n);
      ExpectEqualsScalar(SigmoidCase(rng, n), table);
    }
  });
}

TEST(SigmoidRow, WorksInPlaceAndReportsWhatIsNotFinite) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    SigmoidCase apart(rng, 37);
    apart.Run(table);
    LineVector<float> in_place = apart.in;
    EXPECT_TRUE(table.sigmoid_row(in_place.data(), in_place.data(), 37));
    EXPECT_TRUE(std::equal(in_place.begin(), in_place.end(), apart.out.data()));
    for (size_t i = 0; i < 37; ++i) {
      for (const float bad : {kNan, -kNan, kInfinity, -kInfinity}) {
        SigmoidCase row = apart;
        row.in[i] = bad;
        row.Run(table);
        EXPECT_FALSE(row.finite) << i << ": " << bad;
        EXPECT_EQ(std::isnan(row.out.data()[i]), std::isnan(bad));
      }
    }
  });
}

TEST(SigmoidBgrRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const size_t n : {0, 1, 2, 7, 8, 9, 10, 15, 16, 17, 18, 19, 33, 34, 35, 320}) {
      for (const size_t stride : {4, 7, 16}) {
        SCOPED_TRACE(std::to_string(n) + " pixels, stride " + std::to_string(stride));
        ExpectEqualsScalar(SigmoidBgrCase(rng, n, stride), table);
      }
    }
  });
}

// The fourth float may be anything: it belongs to no sample.
TEST(SigmoidBgrRow, ReportsWhatIsNotFiniteInItsThreeChannelsOnly) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    const size_t n = 21, stride = 5;
    const SigmoidBgrCase good(rng, n, stride);
    for (size_t i = 0; i < n; ++i) {
      for (size_t c = 0; c < 4; ++c) {
        for (const float bad : {kNan, kInfinity, -kInfinity}) {
          SigmoidBgrCase row = good;
          row.in[i * stride + c] = bad;
          row.Run(table);
          EXPECT_EQ(row.finite, c == 3) << "pixel " << i << ", channel " << c << ": " << bad;
        }
      }
    }
  });
}

TEST(SigmoidBgrRow, ReachesBothEndsOfTheLevels) {
  const float pixel[4] = {-100.0f, 0.0f, 100.0f, 0.0f};
  uint8_t bgr[3];
  EXPECT_TRUE(Active().sigmoid_bgr_row(bgr, pixel, 4, 1));
  EXPECT_EQ(bgr[0], 0);
  EXPECT_EQ(bgr[1], 127);
  EXPECT_EQ(bgr[2], 255);
}

}  // namespace
}  // namespace lips::kernels
