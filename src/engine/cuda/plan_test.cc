#include <gtest/gtest.h>

#include "engine/cuda/layers.h"
#include "engine/cuda/sanitized.h"
#include "engine/cuda/simulated_plan.h"
#include "engine/passes_check.h"

namespace lips::cuda {
namespace {

class CudaPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer loses its way in fibers; there is one thread here";
  }
};

void ExpectAsReference(const Graph& graph, const std::string& what) {
  const Graph shaped = Shaped(graph);
  const std::vector<Tensor> inputs = InputsOf(shaped);
  const std::vector<Tensor> expected = Outputs(shaped);
  const auto actual = SimulateGraph(shaped, inputs);
  ASSERT_TRUE(actual.ok()) << what << ": " << actual.error().message();
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LE(MaxAbsDifference(expected[i], actual.value()[i]), kLayerTolerance * LargestOf(expected[i])) << what;
  }
}

TEST_F(CudaPlan, ResidualsOfEveryFormAreTheReferences) {
  const auto cases = ResidualCases();
  for (size_t i = 0; i < cases.size(); ++i) ExpectAsReference(ResidualGraph(cases[i]), "case " + std::to_string(i));
}

TEST_F(CudaPlan, ConvolutionsOfEveryFormAreTheReferences) {
  const auto graphs = Convolutions();
  for (size_t i = 0; i < graphs.size(); ++i) ExpectAsReference(graphs[i], "case " + std::to_string(i));
}

// As those of 8.6 and 8.9 are.
TEST_F(CudaPlan, DevicesWithLessSharedMemoryGiveTheSame) {
  for (const ResidualCase& c : {ResidualCase{.x = 512, .hidden = 192, .out = 48, .side = 10, .width = 10},
                                ResidualCase{.low = 256, .addend = true, .hidden = 256, .out = 128}}) {
    const Graph graph = Shaped(ResidualGraph(c));
    const std::vector<Tensor> inputs = InputsOf(graph);
    const auto more = SimulateGraph(graph, inputs), less = SimulateGraph(graph, inputs, 1, 99 * 1024);
    ASSERT_TRUE(more.ok() && less.ok());
    EXPECT_EQ(MaxAbsDifference(more.value()[0], less.value()[0]), 0);
  }
}

TEST_F(CudaPlan, APictureOfOnePixel) {
  ExpectAsReference(ResidualGraph({.x = 32, .hidden = 96, .out = 16, .side = 1, .width = 1}), "alone");
}

TEST_F(CudaPlan, TheOrderOfThreadsChangesNothing) {
  for (const ResidualCase& c :
       {ResidualCase{.x = 64, .low = 32, .hidden = 160, .out = 32, .side = 12, .width = 20},
        ResidualCase{.x = 256, .addend = true, .hidden = 224, .out = 48, .side = 10, .width = 10}}) {
    const Graph graph = Shaped(ResidualGraph(c));
    const std::vector<Tensor> inputs = InputsOf(graph);
    const auto first = SimulateGraph(graph, inputs, 1), second = SimulateGraph(graph, inputs, 2);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(MaxAbsDifference(first.value()[0], second.value()[0]), 0);
  }
}

}  // namespace
}  // namespace lips::cuda
