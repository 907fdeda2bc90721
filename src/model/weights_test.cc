#include "model/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "model/builder.h"

namespace lips {
namespace {

// A graph with one constant "w" [2, 3] whose element 4 has the given bytes.
template <typename T>
Graph WithElement(DType dtype, T value) {
  Tensor w(dtype, {2, 3});
  std::memcpy(w.data() + 4 * sizeof(T), &value, sizeof(T));
  GraphBuilder net;
  net.Output(net.Add("Add", {net.Input("x", {2, 3}), net.Constant("w", std::move(w))}), "y");
  return std::move(net).Finish();
}

TEST(CheckWeights, NamesTheFirstNanOrInfinityOfEveryFloatType) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<Graph> graphs = [] {
    std::vector<Graph> list;
    list.push_back(WithElement(DType::kF32, std::nanf("")));
    list.push_back(WithElement(DType::kF32, -kInf));
    list.push_back(WithElement(DType::kF64, static_cast<double>(kInf)));
    list.push_back(WithElement<uint16_t>(DType::kF16, 0x7e00));
    list.push_back(WithElement<uint16_t>(DType::kBf16, 0xff80));
    return list;
  }();
  for (const Graph& graph : graphs) {
    const Status status = CheckWeights(graph);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message(), "weights 'w' [2,3] hold NaN or infinity at element 4");
  }
}

TEST(CheckWeights, AcceptsTheLargestNumbersAndAnyInteger) {
  EXPECT_TRUE(CheckWeights(WithElement(DType::kF32, std::numeric_limits<float>::max())).ok());
  EXPECT_TRUE(CheckWeights(WithElement(DType::kF32, std::numeric_limits<float>::denorm_min())).ok());
  EXPECT_TRUE(CheckWeights(WithElement<uint16_t>(DType::kF16, 0xfbff)).ok());
  EXPECT_TRUE(CheckWeights(WithElement<int64_t>(DType::kI64, -1)).ok());
}

}  // namespace
}  // namespace lips
