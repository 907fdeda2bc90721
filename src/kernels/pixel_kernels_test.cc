// Every instruction set against the scalar definition: odd lengths, hard values, canaries on both sides.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/simde_table.h"

namespace lips::kernels {
namespace {

constexpr size_t kLengths[] = {0,  1,  2,  3,  7,  15, 16, 17,  31,  32,  33, 34,
                               47, 63, 64, 65, 95, 96, 97, 127, 129, 182, 320};

// Exactly n samples at the end of their allocation, so that a sanitizer sees a read past them.
std::vector<int16_t> RandomDifferences(std::mt19937& rng, size_t n) {
  std::vector<int16_t> d(n);
  for (int16_t& x : d) x = static_cast<int16_t>(static_cast<int>(rng() % 511) - 255);
  return d;
}

template <typename Check>
void ForEachTableAndLength(const Check& check) {
  ForEachTable([&check](const char* name, const Table& table) {
    std::mt19937 rng(7);
    for (const size_t n : kLengths) {
      SCOPED_TRACE(std::string(name) + ", n " + std::to_string(n));
      for (int repeat = 0; repeat < 3; ++repeat) check(rng, table, n);
    }
  });
}

int16_t RandomFactor(std::mt19937& rng) { return static_cast<int16_t>(static_cast<int>(rng() % 33301) - 16650); }

TEST(YuvToBgrRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const YuvToBgrFactors f = {.black = static_cast<int16_t>(rng() % 2 * 16),
                               .y = static_cast<int16_t>(8192 + rng() % 1500),
                               .u_to_b = RandomFactor(rng),
                               .u_to_g = RandomFactor(rng),
                               .v_to_g = RandomFactor(rng),
                               .v_to_r = RandomFactor(rng)};
    const auto y = RandomBytes(rng, n), u = RandomBytes(rng, (n + 1) / 2), v = RandomBytes(rng, (n + 1) / 2);
    Guarded<uint8_t> want(rng, 3 * n), got = want;
    YuvToBgrRow_scalar(want.data(), y.data(), u.data(), v.data(), n, f);
    table.yuv_to_bgr_row(got.data(), y.data(), u.data(), v.data(), n, f);
    EXPECT_EQ(got, want);
  });
}

TEST(BgrDifferenceRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const auto now = RandomBytes(rng, 3 * n), was = RandomBytes(rng, 3 * n);
    Guarded<int16_t> want[3] = {{rng, n}, {rng, n}, {rng, n}};
    Guarded<int16_t> got[3] = {want[0], want[1], want[2]};
    BgrDifferenceRow_scalar(want[0].data(), want[1].data(), want[2].data(), now.data(), was.data(), n);
    table.bgr_difference_row(got[0].data(), got[1].data(), got[2].data(), now.data(), was.data(), n);
    for (int c = 0; c < 3; ++c) EXPECT_EQ(got[c], want[c]) << "channel " << c;
  });
}

TEST(AddLumaRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const BgrToYuvFactors f = {.b_to_y = RandomFactor(rng), .g_to_y = RandomFactor(rng), .r_to_y = RandomFactor(rng)};
    const auto b = RandomDifferences(rng, n), g = RandomDifferences(rng, n), r = RandomDifferences(rng, n);
    Guarded<uint8_t> want(rng, n), got = want;
    AddLumaRow_scalar(want.data(), b.data(), g.data(), r.data(), n, f);
    table.add_luma_row(got.data(), b.data(), g.data(), r.data(), n, f);
    EXPECT_EQ(got, want);
  });
}

TEST(AddChromaRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    BgrToYuvFactors f;
    for (int16_t* factor : {&f.b_to_u, &f.g_to_u, &f.r_to_u, &f.b_to_v, &f.g_to_v, &f.r_to_v})
      *factor = RandomFactor(rng);
    std::vector<int16_t> planes[6];
    for (auto& plane : planes) plane = RandomDifferences(rng, 2 * n);
    const DifferenceRows rows = {{planes[0].data(), planes[1].data()},
                                 {planes[2].data(), planes[3].data()},
                                 {planes[4].data(), planes[5].data()}};
    Guarded<uint8_t> want_u(rng, n), want_v(rng, n), got_u = want_u, got_v = want_v;
    AddChromaRow_scalar(want_u.data(), want_v.data(), rows, n, f);
    table.add_chroma_row(got_u.data(), got_v.data(), rows, n, f);
    EXPECT_EQ(got_u, want_u);
    EXPECT_EQ(got_v, want_v);
  });
}

// Factors whose magnitudes sum to at most 1.375, the most that Keys' cubic has: more could leave 32 bits going down.
std::vector<int16_t> RandomTaps(std::mt19937& rng, size_t n) {
  std::vector<int16_t> factors;
  for (size_t i = 0; i < n; ++i) {
    const int inner = static_cast<int>(rng() % 1217);  // up to 0.594
    for (const int tap : {-static_cast<int>(rng() % 193), inner, 2048 - inner - 400, -static_cast<int>(rng() % 193)}) {
      factors.push_back(static_cast<int16_t>(tap));
    }
  }
  return factors;
}

TEST(CubicAcross, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const auto row = RandomBytes(rng, 3 * 50 + 4);  // 50 pixels and the slack
    std::vector<int32_t> offsets(n);
    for (int32_t& offset : offsets) offset = 3 * static_cast<int32_t>(rng() % 47);
    const auto factors = RandomTaps(rng, n);
    Guarded<int32_t> want(rng, 3 * n), got = want;
    CubicAcross_scalar(want.data(), row.data(), offsets.data(), factors.data(), n);
    table.cubic_across(got.data(), row.data(), offsets.data(), factors.data(), n);
    EXPECT_EQ(got, want);
  });
}

TEST(CubicDown, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    std::vector<int32_t> rows[4];
    for (auto& row : rows) {
      row.resize(n);
      for (int32_t& sample : row)
        sample = static_cast<int32_t>(rng() % 816000) - 98000;  // -0.1875 .. 1.375 x 255 x 2^11
    }
    const int32_t* const pointers[] = {rows[0].data(), rows[1].data(), rows[2].data(), rows[3].data()};
    const auto factors = RandomTaps(rng, 1);
    Guarded<uint8_t> want(rng, n), got = want;
    CubicDown_scalar(want.data(), pointers, factors.data(), n);
    table.cubic_down(got.data(), pointers, factors.data(), n);
    EXPECT_EQ(got, want);
  });
}

TEST(MatchSums, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const size_t stride = n + rng() % 3;
    const int rows = static_cast<int>(rng() % (kMatchMostRows + 1));
    const bool hardest = rng() % 2 == 0;  // everything as large as 16 bits hold
    auto from = RandomBytes(rng, stride * kMatchMostRows + n), to = from, weights = from;
    for (size_t i = 0; i < from.size(); ++i) {
      to[i] = static_cast<uint8_t>(hardest ? (from[i] < 128 ? from[i] + 20 : from[i] - 20) : rng());
      weights[i] = static_cast<uint8_t>(hardest ? kMatchMostWeight : rng() % (kMatchMostWeight + 1));
    }
    const auto pitch = static_cast<ptrdiff_t>(stride);
    Guarded<int16_t> want[2] = {{rng, n}, {rng, n}}, got[2] = {want[0], want[1]};
    const MatchSumsArgs args = {from.data(), to.data(), weights.data(), pitch,         pitch, pitch,
                                rows,        n,         want[0].data(), want[1].data()};
    MatchSumsArgs other = args;
    other.counts = got[0].data(), other.sums = got[1].data();
    MatchSums_scalar(args);
    table.match_sums(other);
    EXPECT_EQ(got[0], want[0]);
    EXPECT_EQ(got[1], want[1]);
  });
}

TEST(BlendMatched, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const auto roi = RandomBytes(rng, n), mouth = RandomBytes(rng, n), weights = RandomBytes(rng, n);
    std::vector<int16_t> above(n), below(n);
    const int most = rng() % 2 == 0 ? 63 * kMatchParts : 3 * kMatchParts;
    for (auto* row : {&above, &below}) {
      for (int16_t& x : *row)
        x = static_cast<int16_t>(static_cast<int>(rng() % static_cast<unsigned>(2 * most + 1)) - most);
    }
    Guarded<uint8_t> want(rng, n), got = want;
    BlendMatchedArgs args = {roi.data(), mouth.data(), weights.data(), above.data(), below.data(), 0, n, want.data()};
    args.part = static_cast<int>(rng() % (kMatchSteps + 1));
    BlendMatched_scalar(args);
    args.out = got.data();
    table.blend_matched(args);
    EXPECT_EQ(got, want);
  });
}

TEST(BlendMatched, TakesAllOfTheMouthOrNothing) {
  for (int roi = 0; roi < 256; ++roi) {
    for (int mouth = 0; mouth < 256; ++mouth) {
      const uint8_t of_roi[2] = {static_cast<uint8_t>(roi), static_cast<uint8_t>(roi)};
      const uint8_t of_mouth[2] = {static_cast<uint8_t>(mouth), static_cast<uint8_t>(mouth)};
      const uint8_t weights[2] = {0, 255};
      const int16_t field[2] = {};
      uint8_t out[2];
      BlendMatched_scalar({of_roi, of_mouth, weights, field, field, 7, 2, out});
      ASSERT_EQ(out[0], roi);
      ASSERT_EQ(out[1], mouth) << roi;
    }
  }
}

TEST(UnitFromBgrRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const auto bgr = RandomBytes(rng, 3 * n);
    Guarded<float> want[3] = {{rng, n}, {rng, n}, {rng, n}};
    Guarded<float> got[3] = {want[0], want[1], want[2]};
    UnitFromBgrRow_scalar(want[0].data(), want[1].data(), want[2].data(), bgr.data(), n);
    table.unit_from_bgr_row(got[0].data(), got[1].data(), got[2].data(), bgr.data(), n);
    for (int c = 0; c < 3; ++c) EXPECT_EQ(got[c], want[c]) << "channel " << c;
  });
}

// Around and beyond [0, 1], with the neighbours of every level.
std::vector<float> RandomUnits(std::mt19937& rng, size_t n) {
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(static_cast<int>(rng() % 300) - 20) / 255.0f;
    if (rng() % 2 == 0) value = std::nextafter(value, rng() % 2 == 0 ? -1.0f : 2.0f);
    if (rng() % 16 == 0) value = rng() % 2 == 0 ? std::numeric_limits<float>::max() : -0.0f;
  }
  return values;
}

TEST(BgrFromUnitRow, EqualsScalarAndStaysInBounds) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    const auto b = RandomUnits(rng, n), g = RandomUnits(rng, n), r = RandomUnits(rng, n);
    Guarded<uint8_t> want(rng, 3 * n), got = want;
    EXPECT_TRUE(BgrFromUnitRow_scalar(want.data(), b.data(), g.data(), r.data(), n));
    EXPECT_TRUE(table.bgr_from_unit_row(got.data(), b.data(), g.data(), r.data(), n));
    EXPECT_EQ(got, want);
  });
}

TEST(BgrFromUnitRow, FindsAnyValueThatIsNotFinite) {
  ForEachTableAndLength([](std::mt19937& rng, const Table& table, size_t n) {
    std::vector<float> planes[3] = {RandomUnits(rng, n), RandomUnits(rng, n), RandomUnits(rng, n)};
    Guarded<uint8_t> bgr(rng, 3 * n);
    const Guarded<uint8_t> before = bgr;
    for (size_t i = 0; i < n; ++i) {
      float& value = planes[rng() % 3][i];
      const float good = value;
      const float bad[] = {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                           std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
      value = bad[rng() % 4];
      EXPECT_FALSE(table.bgr_from_unit_row(bgr.data(), planes[0].data(), planes[1].data(), planes[2].data(), n)) << i;
      value = good;
    }
    const auto canaries_equal = [&](size_t from) {
      return std::equal(bgr.samples.begin() + static_cast<ptrdiff_t>(from),
                        bgr.samples.begin() + static_cast<ptrdiff_t>(from + kCanary),
                        before.samples.begin() + static_cast<ptrdiff_t>(from));
    };
    EXPECT_TRUE(canaries_equal(0) && canaries_equal(kCanary + 3 * n));
  });
}

}  // namespace
}  // namespace lips::kernels
