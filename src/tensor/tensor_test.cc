#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace lips {
namespace {

template <typename T>
Tensor Raw(DType dtype, const std::vector<T>& values) {
  Tensor tensor(dtype, {static_cast<int64_t>(values.size())});
  std::memcpy(tensor.data(), values.data(), tensor.bytes());
  return tensor;
}

TEST(ElementCount, MultipliesAndRefusesWhatCannotBe) {
  EXPECT_EQ(ElementCount({}).value(), 1);
  EXPECT_EQ(ElementCount({1, 6, 320, 320}).value(), 614400);
  EXPECT_EQ(ElementCount({7, 0, 3}).value(), 0);
  EXPECT_EQ(ElementCount({int64_t{1} << 40}).value(), int64_t{1} << 40);
  EXPECT_EQ(ElementCount({3, -1}).error().code(), ErrorCode::kCorrupted);
  EXPECT_EQ(ElementCount({(int64_t{1} << 40) + 1}).error().code(), ErrorCode::kResourceLimit);
  EXPECT_EQ(ElementCount({INT64_MAX, INT64_MAX}).error().code(), ErrorCode::kResourceLimit);
  EXPECT_EQ(ElementCount({0, INT64_MAX}).error().code(), ErrorCode::kResourceLimit);
}

TEST(Tensor, BeginsAsZerosOnA64ByteBoundary) {
  const Tensor tensor(DType::kF32, {3, 5});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
  for (const float value : tensor.As<float>()) EXPECT_EQ(value, 0.0f);
  EXPECT_EQ(tensor.bytes(), 60u);
  EXPECT_EQ(Tensor().size(), 0);
  EXPECT_EQ(Tensor(DType::kF32, {}).size(), 1) << "a scalar has one element";
}

TEST(Tensor, ResizeKeepsTheMemoryWhileItSuffices) {
  Tensor tensor(DType::kF32, {100});
  const uint8_t* memory = tensor.data();
  tensor.Resize(DType::kF64, {50});
  EXPECT_EQ(tensor.data(), memory);
  EXPECT_EQ(tensor.dtype(), DType::kF64);
  tensor.Resize(DType::kU8, {401});
  EXPECT_EQ(tensor.size(), 401);
  EXPECT_EQ(tensor.bytes(), 401u);
}

TEST(Tensor, SharesElementsUntilOneIsWrittenTo) {
  const std::vector<float> values = {1, 2, 3};
  Tensor first = Tensor::Of<float>({3}, values);
  const Tensor& before = first;
  const Tensor second = first.Share();
  EXPECT_EQ(before.data(), second.data());
  first.As<float>()[0] = 7;
  EXPECT_NE(before.data(), second.data());
  EXPECT_EQ(second.As<float>()[0], 1);
  EXPECT_EQ(before.As<float>()[1], 2);
  const uint8_t* own = before.data();
  first.As<float>()[1] = 8;  // alone with its elements now: nothing moves
  EXPECT_EQ(before.data(), own);
}

TEST(Tensor, ResizingOneOfTwoLeavesTheOther) {
  Tensor first(DType::kI32, {4});
  first.As<int32_t>()[3] = 5;
  const Tensor second = first.Share();
  first.Resize(DType::kI32, {2});
  first.As<int32_t>()[0] = 9;
  EXPECT_EQ(second.dims(), (Dims{4}));
  EXPECT_EQ(second.As<int32_t>()[3], 5);
  EXPECT_EQ(second.As<int32_t>()[0], 0);
  Tensor third = second.Share();
  third.Reshape({2, 2});
  EXPECT_EQ(second.dims(), (Dims{4}));
}

TEST(Tensor, CloneIsIndependentAndMoveLeavesNoCopy) {
  const std::array<float, 4> values = {1, 2, 3, 4};
  Tensor tensor = Tensor::Of<float>({2, 2}, values);
  Tensor copy = tensor.Clone();
  copy.As<float>()[0] = 9;
  EXPECT_EQ(tensor.As<float>()[0], 1);
  const uint8_t* memory = tensor.data();
  const Tensor moved = std::move(tensor);
  EXPECT_EQ(moved.data(), memory);
  copy.Reshape({4, 1});
  EXPECT_EQ(ToString(copy.dims()), "[4,1]");
}

// What the 16 bits mean, by the definition of IEEE binary16 rather than by bit moves.
double HalfByDefinition(int bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const double sign = bits & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

TEST(ToF32, IsExactForEveryHalf) {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  const Tensor floats = ToF32(Raw(DType::kF16, all));
  for (int i = 0; i < 65536; ++i) {
    const float got = floats.As<float>()[static_cast<size_t>(i)];
    const double expected = HalfByDefinition(i);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(got)) << i;
    } else {
      EXPECT_EQ(static_cast<double>(got), expected) << i;
      EXPECT_EQ(std::signbit(got), std::signbit(expected)) << i;
    }
  }
}

uint16_t HalfOf(float value) {
  const Tensor half = ToF16(Tensor::Of<float>({1}, std::vector<float>{value}));
  return static_cast<uint16_t>(half.data()[0] | half.data()[1] << 8);
}

TEST(ToF16, GivesBackEveryHalfAndRoundsBetweenTwoToTheNearestOrEven) {
  for (int bits = 0; bits < 0x7c00; ++bits) {
    const double here = HalfByDefinition(bits);
    EXPECT_EQ(HalfOf(static_cast<float>(here)), bits);
    EXPECT_EQ(HalfOf(static_cast<float>(-here)), bits | 0x8000);
    if (bits == 0x7bff) break;
    const double next = HalfByDefinition(bits + 1);
    EXPECT_EQ(HalfOf(static_cast<float>(here + (next - here) * 0.49)), bits);
    EXPECT_EQ(HalfOf(static_cast<float>(here + (next - here) * 0.51)), bits + 1);
    EXPECT_EQ(HalfOf(static_cast<float>((here + next) / 2)), bits + (bits & 1)) << "a tie goes to the even one";
  }
  EXPECT_EQ(HalfOf(65519.996f), 0x7bff);
  EXPECT_EQ(HalfOf(65520.0f), 0x7c00);
  EXPECT_EQ(HalfOf(-INFINITY), 0xfc00);
  EXPECT_EQ(HalfOf(NAN) & 0x7fff, 0x7e00);
  EXPECT_EQ(HalfOf(1e-30f), 0);
}

TEST(ToF32, ConvertsEveryType) {
  const std::vector<float> expected = {0, 1, -2};
  const auto values = [](const Tensor& tensor) {
    const Tensor floats = ToF32(tensor);
    return std::vector<float>(floats.As<float>().begin(), floats.As<float>().end());
  };
  EXPECT_EQ(values(Raw<float>(DType::kF32, {0, 1, -2})), expected);
  EXPECT_EQ(values(Raw<double>(DType::kF64, {0, 1, -2})), expected);
  EXPECT_EQ(values(Raw<int64_t>(DType::kI64, {0, 1, -2})), expected);
  EXPECT_EQ(values(Raw<int32_t>(DType::kI32, {0, 1, -2})), expected);
  EXPECT_EQ(values(Raw<int8_t>(DType::kI8, {0, 1, -2})), expected);
  EXPECT_EQ(values(Raw<uint16_t>(DType::kBf16, {0, 0x3f80, 0xc000})), expected);
  EXPECT_EQ(values(Raw<uint8_t>(DType::kU8, {0, 1, 255})), (std::vector<float>{0, 1, 255}));
  EXPECT_EQ(values(Raw<uint8_t>(DType::kBool, {0, 1, 7})), (std::vector<float>{0, 1, 1}));
}

}  // namespace
}  // namespace lips
