// A trained network, cut as the generator cuts it, in the simulator: what the device does, without one.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/cuda/sanitized.h"
#include "engine/cuda/simulated_plan.h"
#include "engine/passes_check.h"
#include "engine/proof.h"
#include "image/image.h"
#include "image/unit.h"
#include "model/binding.h"
#include "model/onnx.h"
#include "model/passes.h"

namespace lips::cuda {
namespace {

constexpr double kGateDb = 60;  // docs/numerics.md
constexpr int kFrames = 1;      // each takes seconds; batches are plan_test.cc's
constexpr int kSide = 320;
constexpr size_t kPixels = size_t{kSide} * kSide;

struct Simulated {
  Plan head, tail;
  std::vector<size_t> at;  // of what crosses, in a template's block
  size_t bytes = 0;
};

Simulated Cut(const Graph& graph, TemplateCut level) {
  Simulated network;
  const SplitGraph split = OptimiseSplit(WithBatch(graph, 1).value(), 0, level).value();
  PlanOptions of_head, of_tail;
  of_tail.inputs.assign(split.head.outputs.size(), Port::kMap);
  if (split.tail_takes_input) of_tail.inputs.push_back(Port::kFaces);
  of_tail.inputs.push_back(Port::kPlanes);
  of_tail.outputs = {Port::kUnit};
  auto tail = Plan::Make(split.tail, of_tail);
  if (!tail.ok()) ADD_FAILURE() << tail.error().message();
  network.tail = std::move(tail).value();
  of_head.inputs = {Port::kFaces};
  of_head.outputs.assign(split.head.outputs.size(), Port::kMap);
  for (size_t i = 0; i < split.head.outputs.size(); ++i) {
    of_head.output_maps.push_back(network.tail.maps[static_cast<size_t>(network.tail.inputs[i])]);
    network.at.push_back(network.bytes);
    network.bytes += (of_head.output_maps.back().bytes() + 255) / 256 * 256;
  }
  network.head = Plan::Make(split.head, of_head).value();
  return network;
}

// Frames of a face and a sound each, through head and tail together.
class SimulatedNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer loses its way in fibers; there is one thread here";
    if (kAddressSanitizer) GTEST_SKIP() << "takes minutes under the address sanitizer; CudaPlan runs the same kernels";
    auto graph = ReadOnnx(Path(DEMO_ASSETS) / "generator.onnx");
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    graph_ = std::move(graph).value();
    for (int frame = 0; frame < kFrames; ++frame) {
      Tensor planes = ProofInput({1, 6, kSide, kSide});
      Image picture(kSide, kSide);
      std::vector<Piece> bytes(6 * kPixels / sizeof(Piece));
      for (size_t i = 0; i < 2; ++i) {
        const auto part = planes.As<float>().subspan(i * 3 * kPixels, 3 * kPixels);
        if (frame == 1) std::ranges::reverse(part);
        EXPECT_TRUE(FromUnit(part, picture.view()));
        ToUnit(picture.view(), part);
        std::memcpy(reinterpret_cast<uint8_t*>(bytes.data()) + i * 3 * kPixels, picture.view().data, 3 * kPixels);
      }
      pictures_.push_back(std::move(planes));
      bytes_.push_back(std::move(bytes));
      sounds_.push_back(RandomTensor({1, 32, 16, 16}, 3 + frame, -1, 1));
    }
  }

  // [frames, 3, 320, 320].
  std::vector<float> Run(const Simulated& network, bool has_pictures, std::span<const uint8_t> used) {
    std::vector<std::vector<Piece>> blocks(kFrames, std::vector<Piece>(network.bytes / sizeof(Piece)));
    std::vector<uint8_t*> table;
    std::vector<float> audio;
    for (size_t frame = 0; frame < kFrames; ++frame) {
      auto* const block = reinterpret_cast<uint8_t*>(blocks[frame].data());
      table.push_back(block);
      Bindings of_head;
      of_head.inputs.push_back({.base = reinterpret_cast<uint8_t*>(bytes_[frame].data())});
      for (const size_t at : network.at) of_head.outputs.push_back({.base = block + at});
      SimulatePlan(network.head, std::move(of_head));
      audio.insert(audio.end(), sounds_[frame].As<float>().begin(), sounds_[frame].As<float>().end());
    }
    std::vector<uint8_t*> faces = {reinterpret_cast<uint8_t*>(bytes_[0].data())};
    std::vector<float> out(kFrames * 3 * kPixels, -1);
    Bindings of_tail;
    for (const size_t at : network.at) of_tail.inputs.push_back({.table = table.data(), .offset = at});
    if (has_pictures) of_tail.inputs.push_back({.table = faces.data()});
    of_tail.inputs.push_back(PlaceOf(reinterpret_cast<uint8_t*>(audio.data()), sizeof(float) * 8192));
    of_tail.outputs.push_back(PlaceOf(reinterpret_cast<uint8_t*>(out.data()), sizeof(float) * 3 * kPixels));
    of_tail.images = kFrames;
    of_tail.used = used;
    EXPECT_EQ(SimulatePlan(network.tail, std::move(of_tail)), std::vector<int>(kFrames));
    return out;
  }

  Graph graph_;
  std::vector<Tensor> pictures_, sounds_;
  std::vector<std::vector<Piece>> bytes_;
};

TEST_F(SimulatedNetworkTest, PassesTheGateAndMasksPixels) {
  const Simulated network = Cut(graph_, TemplateCut::kExpanded);
  const std::vector<float> whole = Run(network, false, {});
  for (size_t frame = 0; frame < kFrames; ++frame) {
    std::vector<Tensor> inputs;
    inputs.push_back(pictures_[frame].Clone());
    inputs.push_back(sounds_[frame].Clone());
    const auto expected = RunGraph(graph_, inputs, {.backend = Backend::kReference, .threads = 2});
    ASSERT_TRUE(expected.ok()) << expected.error().message();
    double squares = 0;
    const auto want = expected.value()[0].As<float>();
    for (size_t i = 0; i < want.size(); ++i) {
      squares += std::pow(static_cast<double>(want[i]) - whole[frame * 3 * kPixels + i], 2);
    }
    const double db = -10 * std::log10(squares / static_cast<double>(want.size()));
    EXPECT_GE(db, kGateDb) << "frame " << frame;
    RecordProperty("db", std::to_string(db));
    std::printf("%.1f dB\n", db);
  }

  std::vector<uint8_t> used(kPixels);
  for (size_t y = 200; y < 270; ++y) {
    for (size_t x = 90 + y / 10; x < 201; ++x) used[y * kSide + x] = 1;
  }
  const std::vector<float> masked = Run(network, false, used);
  size_t differing = 0, touched = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (used[i % kPixels] != 0) differing += whole[i] != masked[i] ? 1 : 0;
    if (used[i % kPixels] == 0) touched += masked[i] != -1 ? 1 : 0;
  }
  EXPECT_EQ(differing, 0u);
  EXPECT_EQ(touched, 0u);
}

}  // namespace
}  // namespace lips::cuda
