// Every instruction set against the scalar definition: odd sizes, hard values, canaries on both sides.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/number_scalar.h"
#include "kernels/row_check.h"

namespace lips::kernels {
namespace {

constexpr size_t kPixels[] = {0, 1, 2, 3, 5, 8, 13};
constexpr size_t kChannels[] = {16, 32, 48};

TEST(Number, RoundsToTheNearestBf16AndTiesToEven) {
  for (const uint32_t upper : {0x3f80U, 0x3f81U, 0xc2ffU, 0x0080U, 0x7f7eU}) {
    const uint32_t even = upper + (upper & 1U);
    const auto number = [](uint32_t bits) { return uint32_t{Bf16FromFloat(std::bit_cast<float>(bits))}; };
    EXPECT_EQ(number(upper << 16), upper);
    EXPECT_EQ(number(upper << 16 | 0x7fffU), upper);
    EXPECT_EQ(number(upper << 16 | 0x8000U), even);
    EXPECT_EQ(number(upper << 16 | 0x8001U), upper + 1);
  }
  EXPECT_EQ(FloatFromBf16(Bf16FromFloat(std::numeric_limits<float>::max())), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(FloatFromBf16(Bf16FromFloat(std::bit_cast<float>(0x7f800001U)))));
  EXPECT_EQ(Bf16FromFloat(-1e-40f), 0x8000);
}

TEST(Number, QuantisesToTheNearestLevelAndClamps) {
  EXPECT_EQ(Quantise(0.0f, 10.0f, 2.5f), 2);
  EXPECT_EQ(Quantise(0.0f, 10.0f, 3.5f), 4);
  EXPECT_EQ(Quantise(-1e30f, 1e30f, 128.0f), 0);
  EXPECT_EQ(Quantise(1e30f, 1e30f, 128.0f), 255);
  EXPECT_EQ(Quantise(std::numeric_limits<float>::quiet_NaN(), 1.0f, 128.0f), 0);
  for (int level = 0; level < 256; ++level) {
    EXPECT_EQ(Quantise(Dequantise(static_cast<uint8_t>(level), 0.0625f, 100.0f), 16.0f, 100.0f), level);
  }
}

TEST(ConvertRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const NumberType in_type : kNumberTypes) {
      for (const NumberType out_type : kNumberTypes) {
        for (const size_t pixels : kPixels) {
          for (const size_t channels : kChannels) {
            SCOPED_TRACE(std::string(NameOf(in_type)) + " to " + NameOf(out_type) + ", " + std::to_string(pixels) +
                         " pixels of " + std::to_string(channels));
            ExpectEqualsScalar(ConvertCase(rng, HardFloat, in_type, out_type, pixels, channels, rng() % 7), table);
          }
        }
      }
    }
  });
}

TEST(DepthwiseRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const NumberType type : kNumberTypes) {
      for (const size_t stride : {size_t{1}, size_t{2}}) {
        for (const size_t width : kPixels) {
          for (const size_t channels : kChannels) {
            SCOPED_TRACE(std::string(NameOf(type)) + ", stride " + std::to_string(stride) + ", " +
                         std::to_string(width) + " pixels of " + std::to_string(channels));
            DepthwiseCase row(rng, RandomFloat, type, width, stride, channels, rng() % 7);
            ExpectEqualsScalar(row, table);
            row.wide = true;
            ExpectEqualsScalar(row, table);
          }
        }
      }
    }
  });
}

// One value that is not a number reaches the outputs it belongs to and no others.
TEST(DepthwiseRow, KeepsNaN) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    DepthwiseCase row(rng, RandomFloat, NumberType::kF32, 9, 1, 16, 0);
    row.rows[1][4 * 16 + 5] = std::numeric_limits<float>::quiet_NaN();
    row.Run(table);
    for (size_t i = 0; i < 9 * 16; ++i) {
      float value;
      std::memcpy(&value, row.out.data() + i * sizeof value, sizeof value);
      const bool reached = i % 16 == 5 && i / 16 >= 2 && i / 16 <= 4;
      EXPECT_EQ(std::isnan(value), reached) << "pixel " << i / 16 << ", channel " << i % 16;
      EXPECT_FALSE(value < 0.0f);
    }
  });
}

TEST(WindowRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    struct Window {
      size_t down, across, stride, dilation;
    };
    for (const Window w : {Window{3, 3, 1, 1}, {5, 5, 2, 1}, {1, 4, 1, 3}, {2, 1, 3, 1}}) {
      for (const size_t width : kPixels) {
        for (const size_t channels : kChannels) {
          SCOPED_TRACE(std::to_string(w.down) + "x" + std::to_string(w.across) + ", stride " +
                       std::to_string(w.stride) + ", " + std::to_string(width) + " pixels of " +
                       std::to_string(channels));
          ExpectEqualsScalar(WindowCase(rng, w.down, w.across, w.stride, w.dilation, width, channels, rng() % 7),
                             table);
        }
      }
    }
  });
}

// Where both know the window, both give the same.
TEST(WindowRow, AgreesWithTheUsualDepthwiseRow) {
  std::mt19937 rng(3);
  DepthwiseCase usual(rng, RandomFloat, NumberType::kF32, 9, 2, 32, 5);
  WindowCase any(rng, 3, 3, 2, 1, 9, 32, 5);
  for (size_t r = 0; r < 3; ++r) any.rows[r] = usual.rows[r];
  any.weights = usual.weights;
  any.bias = usual.bias;
  any.least = 0;
  usual.Run(Active());
  any.Run(Active());
  for (size_t x = 0; x < 9; ++x) {
    EXPECT_EQ(std::memcmp(usual.out.data() + x * 37 * sizeof(float), any.out.data() + x * 37, 32 * sizeof(float)), 0);
  }
}

TEST(BlendRows, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const size_t pixels : kPixels) {
      for (const size_t channels : kChannels) {
        SCOPED_TRACE(std::to_string(pixels) + " pixels of " + std::to_string(channels));
        ExpectEqualsScalar(BlendCase(rng, RandomFloat, pixels, channels, rng() % 7), table);
      }
    }
  });
}

TEST(BlendRows, LeadsToAllFourCornersOfABilinearEnlargement) {
  std::mt19937 rng(1);
  BlendCase rows(rng, RandomFloat, 3, 16, 0);
  for (const float f : {0.0f, 1.0f}) {
    rows.f = f;
    rows.Run(Active());
    const float* v = rows.out.data();
    const float* dv = v + 3 * 16;
    for (size_t i = 0; i < 3 * 16; ++i) EXPECT_NEAR(v[i], f == 0.0f ? rows.a[i] : rows.b[i], 1e-6f);
    for (size_t i = 0; i < 2 * 16; ++i) EXPECT_NEAR(v[i] + dv[i], v[i + 16], 1e-6f);
    for (size_t i = 2 * 16; i < 3 * 16; ++i) EXPECT_EQ(dv[i], 0.0f);
  }
}

TEST(BgrPixelsRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const NumberType type : kNumberTypes) {
      for (const size_t pixels : kPixels) {
        SCOPED_TRACE(std::string(NameOf(type)) + ", " + std::to_string(pixels) + " pixels");
        ExpectEqualsScalar(BgrPixelsCase(rng, type, pixels, rng() % 7), table);
      }
    }
  });
}

TEST(BgrPixelsRow, DividesEveryLevelExactly) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    BgrPixelsCase row(rng, NumberType::kF32, 256, 0);
    for (size_t i = 0; i < 3 * 256; ++i) {
      row.roi[i] = static_cast<uint8_t>(i / 3);
      row.masked[i] = static_cast<uint8_t>(255 - i / 3);
    }
    row.Run(table);
    const auto* pixels = reinterpret_cast<const float*>(row.out.data());
    for (size_t i = 0; i < 256; ++i) {
      for (size_t c = 0; c < 16; ++c) {
        const size_t level = c < 3 ? i : c < 6 ? 255 - i : 0;
        EXPECT_EQ(pixels[16 * i + c], static_cast<float>(level) / 255.0f) << "pixel " << i << ", channel " << c;
      }
    }
  });
}

constexpr size_t kLongRows[] = {0, 1, 7, 8, 15, 16, 17, 31, 33, 50};
constexpr size_t kAnyChannels[] = {1, 3, 7, 8, 9, 15, 16, 17, 33};

TEST(RowFromPlanes, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const NumberType type : kNumberTypes) {
      for (const size_t pixels : kLongRows) {
        for (const size_t channels : kAnyChannels) {
          SCOPED_TRACE(std::string(NameOf(type)) + ", " + std::to_string(pixels) + " pixels of " +
                       std::to_string(channels));
          ExpectEqualsScalar(RowFromPlanesCase(rng, HardFloat, type, pixels, channels, rng() % 7), table);
        }
      }
    }
  });
}

TEST(PlanesFromRow, EqualsScalarAndStaysInBounds) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    for (const NumberType type : kNumberTypes) {
      for (const size_t pixels : kLongRows) {
        for (const size_t channels : kAnyChannels) {
          SCOPED_TRACE(std::string(NameOf(type)) + ", " + std::to_string(pixels) + " pixels of " +
                       std::to_string(channels));
          ExpectEqualsScalar(PlanesFromRowCase(rng, HardFloat, type, pixels, channels, rng() % 7), table);
        }
      }
    }
  });
}

TEST(PlanesFromRow, UndoesRowFromPlanes) {
  ForEachTracedTable([](std::mt19937& rng, const Table& table) {
    RowFromPlanesCase there(rng, RandomFloat, NumberType::kF32, 37, 21, 3);
    there.Run(table);
    PlanesFromRowCase back(rng, RandomFloat, NumberType::kF32, 37, 21, 3);
    std::copy_n(there.out.data(), back.in.size(), back.in.begin());
    back.Run(table);
    const auto* planes = reinterpret_cast<const float*>(back.out.data());
    for (size_t c = 0; c < 21; ++c) {
      const float* plane = planes + c * back.plane_stride;
      EXPECT_TRUE(std::equal(plane, plane + 37, there.planes.data() + c * there.plane_stride)) << "channel " << c;
    }
  });
}

}  // namespace
}  // namespace lips::kernels
