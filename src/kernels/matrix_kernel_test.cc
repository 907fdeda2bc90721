#include <gtest/gtest.h>

#include "kernels/row_check.h"

namespace lips::kernels {
namespace {

struct Case {
  int rows, steps, columns;
  NumberType out = NumberType::kF32;
  bool line = false, addend = false, relu = false, wide = false;
};

// Few and many pixels and columns, with and without everything around the sum.
const Case kCases[] = {
    {1, 1, 16},
    {5, 3, 16, NumberType::kBf16, false, true},
    {16, 8, 16, NumberType::kU8, false, false, true},
    {17, 5, 32, NumberType::kF32, true, false, true},
    {12, 1, 32},
    {6, 7, 64, NumberType::kF32, true, true, true},
    {7, 32, 64, NumberType::kBf16, false, true},
    {23, 2, 112, NumberType::kU8, false, true, true},
    {66, 9, 208, NumberType::kF32, true, false, true},
    {10, 0, 48, NumberType::kF32, true, true, true},
    {9, 15, 80, NumberType::kBf16, false, true, true, true},
    {9, 6, 32, NumberType::kF32, false, false, true, true},
    {3, 6, 16, NumberType::kU8, false, false, true, true},
    {23, 12, 112, NumberType::kF32, true, true, false, true},
    {9, 15, 80, NumberType::kBf16, false, true, true},
    {23, 33, 112, NumberType::kF32, true, true},
    {13, 64, 32, NumberType::kF32, true},
    {8, 65, 48, NumberType::kBf16, false, true},
    {19, 200, 64, NumberType::kF32, true, true, true},
    {0, 4, 64},
};
constexpr NumberType kAddendTypes[] = {NumberType::kF32, NumberType::kBf16, NumberType::kU8};

// One call with everything it points to; equal seeds give equal calls.
struct Call {
  Call(std::mt19937& rng, const Case& c, NumberType in, NumberType addend_type)
      : quantisation(rng, static_cast<size_t>(c.columns)),
        y(rng, (static_cast<size_t>(c.rows) * (static_cast<size_t>(c.columns) + 3)) * SizeOf(c.out)) {
    const auto rows = static_cast<size_t>(c.rows), steps = static_cast<size_t>(c.steps);
    const auto columns = static_cast<size_t>(c.columns);
    const size_t group = 4 / SizeOf(in);
    x = NumbersBy(RandomFloat, rng, in, rows * (steps + 1) * group);  // pixels lie a group apart
    weights = NumbersBy(RandomFloat, rng, in, columns * steps * group);
    for (size_t i = 0; i < columns * steps; ++i) wide_weights.push_back(RandomFloat(rng) / 3.0);
    for (size_t i = 0; i < columns; ++i) wide_bias.push_back(RandomFloat(rng) / 3.0);
    scale = FloatsBy(RandomFloat, rng, columns);
    bias = FloatsBy(RandomFloat, rng, columns);
    addend = NumbersBy(RandomFloat, rng, addend_type, rows * columns);
    line = FloatsBy(RandomFloat, rng, 4 * columns);
    slope = FloatsBy(RandomFloat, rng, 4 * columns);
    fraction = FloatsBy(RandomFloat, rng, rows);
    for (size_t p = 0; p < rows; ++p) at.push_back(static_cast<int32_t>(rng() % 4 * columns));
    args.x = x.data();
    args.x_stride_bytes = (steps + 1) * 4;
    args.rows = c.rows;
    args.weights = weights.data();
    args.steps = c.steps;
    args.columns = c.columns;
    args.scale = scale.data();
    args.bias = bias.data();
    if (c.addend) {
      args.addend = addend.data();
      args.addend_stride = columns;
      args.addend_type = addend_type;
      args.addend_quantisation = quantisation.view();
    }
    if (c.line) {
      args.line = line.data();
      args.slope = slope.data();
      args.at = at.data();
      args.fraction = fraction.data();
    }
    args.relu = c.relu;
    if (c.wide && in == NumberType::kF32) {
      args.wide = true;
      args.weights = wide_weights.data();
      args.wide_bias = wide_bias.data();
    }
    args.y = y.data();
    args.y_stride = columns + 3;
    args.y_type = c.out;
    args.y_quantisation = quantisation.view();
  }
  RandomQuantisation quantisation;
  std::vector<uint8_t> x, weights, addend;
  std::vector<float> scale, bias, line, slope, fraction;
  std::vector<double> wide_weights, wide_bias;
  std::vector<int32_t> at;
  Guarded<uint8_t> y;
  MatrixArgs args;
};

MatrixFn* Kernel(const Table& table, NumberType in) {
  return in == NumberType::kF32 ? table.matrix_f32 : in == NumberType::kBf16 ? table.matrix_bf16 : table.matrix_u8;
}

class MatrixKernel : public testing::TestWithParam<NumberType> {};

TEST_P(MatrixKernel, EqualsTheScalarDefinitionBitForBit) {
  const NumberType in = GetParam();
  ForEachTracedTable([&](std::mt19937&, const Table& table) {
    for (const Case& c : kCases) {
      for (const NumberType addend : kAddendTypes) {
        std::mt19937 one(static_cast<unsigned>(c.rows * 1000 + c.columns)), two = one;
        Call expected(one, c, in, addend);
        Call actual(two, c, in, addend);
        Kernel(Table(), in)(expected.args);
        Kernel(table, in)(actual.args);
        EXPECT_EQ(actual.y, expected.y) << c.rows << " rows, " << c.steps << " steps, " << c.columns
                                        << " columns, addend " << NameOf(addend);
      }
    }
  });
}

// What a plan relies on: rows and panels may be divided among threads in any way.
TEST_P(MatrixKernel, GivesTheSameBitsHoweverTheWorkIsDivided) {
  const NumberType in = GetParam();
  ForEachTracedTable([&](std::mt19937& rng, const Table& table) {
    for (const bool wide : {false, true}) {
      const Case c = {23, 18, 144, NumberType::kF32, true, true, true, wide};
      std::mt19937 one = rng, two = rng;
      Call whole(one, c, in, NumberType::kF32);
      Call parts(two, c, in, NumberType::kF32);
      Kernel(table, in)(whole.args);
      for (const auto& [first, last] : {std::pair{0, 64}, {64, 128}, {128, 144}}) {
        for (const auto& [top, bottom] : {std::pair{0, 1}, {1, 8}, {8, 23}}) {
          MatrixArgs args = parts.args;
          const auto row = static_cast<size_t>(top), column = static_cast<size_t>(first);
          args.x = static_cast<const uint8_t*>(args.x) + row * args.x_stride_bytes;
          args.rows = bottom - top;
          const size_t weight_bytes = args.wide ? 8 : 4;
          args.weights =
              static_cast<const uint8_t*>(args.weights) + column * static_cast<size_t>(args.steps) * weight_bytes;
          args.columns = last - first;
          args.scale += column;
          args.bias += column;
          if (args.wide) args.wide_bias += column;
          args.addend = static_cast<const float*>(args.addend) + row * args.addend_stride + column;
          args.line += column;
          args.slope += column;
          args.at += row;
          args.fraction += row;
          args.y = static_cast<float*>(args.y) + row * args.y_stride + column;
          Kernel(table, in)(args);
        }
      }
      EXPECT_EQ(parts.y, whole.y);
    }
  });
}

// By hand: one pixel [1, 2] times [[3, 4, ...], [5, 6, ...]] + bias 0.5.
TEST(MatrixKernelF32, MultipliesAsWrittenByHand) {
  std::vector<float> weights(32);
  weights[0] = 3, weights[1] = 4, weights[16] = 5, weights[17] = 6;
  const float x[] = {1, 2};
  const std::vector<float> bias(16, 0.5f);
  float y[16];
  MatrixArgs args;
  args.x = x;
  args.rows = 1;
  args.weights = weights.data();
  args.steps = 2;
  args.columns = 16;
  args.bias = bias.data();
  args.y = y;
  MatrixF32_scalar(args);
  EXPECT_EQ(y[0], 13.5f);
  EXPECT_EQ(y[1], 16.5f);
  EXPECT_EQ(y[2], 0.5f);
}

// A picture's channels nearly cancel with the bias: what is left must not carry the rounding of what was there.
TEST(MatrixKernelF32, RoundsWideSumsOnce) {
  const float x[] = {1, 1, 1};
  std::vector<double> weights(48), bias(16);
  weights[0] = 1e8 + 1e-3, weights[16] = 1, weights[32] = 0.25;
  bias[0] = -1e8 + 1e-3;
  ForEachTracedTable([&](std::mt19937&, const Table& table) {
    float y[16];
    MatrixArgs args;
    args.x = x;
    args.rows = 1;
    args.weights = weights.data();
    args.steps = 3;
    args.columns = 16;
    args.wide_bias = bias.data();
    args.wide = true;
    args.y = y;
    table.matrix_f32(args);
    EXPECT_NEAR(y[0], 1.252f, 1e-7f);  // sums near 1e8 have steps of 1.5e-8
  });
}

// One after the other, 4096 times 0.1 come out 0.016 off.
TEST(MatrixKernelF32, LosesLittleInLongSums) {
  const std::vector<float> x(4096, 1.0f), weights(4096 * 16, 0.1f);
  ForEachTracedTable([&](std::mt19937&, const Table& table) {
    float y[16];
    MatrixArgs args;
    args.x = x.data();
    args.rows = 1;
    args.weights = weights.data();
    args.steps = 4096;
    args.columns = 16;
    args.y = y;
    table.matrix_f32(args);
    EXPECT_NEAR(y[15], 4096 * double{0.1f}, 1e-3);
  });
}

INSTANTIATE_TEST_SUITE_P(Types, MatrixKernel, testing::ValuesIn(kNumberTypes),
                         [](const auto& type) { return NameOf(type.param); });

}  // namespace
}  // namespace lips::kernels
