// Compositing as a device does it, in the simulator, against the CPU's to the bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/cuda/composite_scenes.h"
#include "engine/cuda/sanitized.h"
#include "engine/cuda/simulator.h"

namespace lips::cuda {
namespace {

// The host's memory, an allocation for each thing, and threads in another order for every launch.
class SimulatedMachine : public CompositeMachine {
 public:
  uint8_t* Hold(std::span<const uint8_t> bytes) override {
    auto& held = held_.emplace_back(std::make_unique<uint8_t[]>(bytes.size()));  // as aligned as any type needs
    std::ranges::copy(bytes, held.get());
    return held.get();
  }
  Status Run(const CompositeLaunch& launch) override { return Simulate(launch, ++order_); }
  Status Read(const uint8_t* held, std::span<uint8_t> bytes) override {
    std::copy_n(held, bytes.size(), bytes.begin());
    return {};
  }

 private:
  std::vector<std::unique_ptr<uint8_t[]>> held_;
  unsigned order_ = 0;
};

class CudaComposite : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer loses its way in fibers; there is one thread here";
  }
  static void CompareAll(const std::vector<Comparison>& all) {
    SimulatedMachine machine;
    for (const Comparison& one : all) Compare(machine, one);
  }
};

TEST_F(CudaComposite, NaturalIsTheCpusToTheBit) { CompareAll(NaturalComparisons()); }

TEST_F(CudaComposite, SmallMouthsHaveFewCells) { CompareAll(SmallComparisons()); }

TEST_F(CudaComposite, CompatibleIsTheCpusToTheBit) { CompareAll(CompatibleComparisons()); }

TEST_F(CudaComposite, TheTemplatesOwnMouthChangesNoBit) { CompareAll({OwnMouthComparison()}); }

TEST_F(CudaComposite, FramesWithNothingToChangeAreLeftOut) { CompareAll(EmptyComparisons()); }

TEST_F(CudaComposite, RefusesWhatNoKernelDoes) {
  for (const auto& [size, crop] : {std::pair{0, 8}, {24, 32}, {528, 536}, {160, 152}, {160, 167}}) {
    const auto plan = CompositePlan::Make(CompositeMode::kNatural, size, crop);
    ASSERT_FALSE(plan.ok()) << size << " in " << crop;
    EXPECT_EQ(plan.error().code(), ErrorCode::kUnsupported);
  }
  const auto plan = CompositePlan::Make(CompositeMode::kCompatible, 160, 168);
  ASSERT_TRUE(plan.ok());
  const FrameToPaste beyond = {.place = {-1, 0, 50, 50}, .width = 96, .height = 84, .format = {}, .from = {}, .to = {}};
  EXPECT_EQ(plan.value().ListOf({&beyond, 1}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(plan.value().PatchOf({60, 40, 30, 50}, 96, 84).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lips::cuda
