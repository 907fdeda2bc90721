#include "train/torch/net.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#include "engine/session.h"
#include "train/mouth_region.h"
#include "train/torch/model.h"

namespace lips {
namespace {

constexpr std::array<int, 5> kNarrow = {8, 8, 16, 16, 32};

// Weights as a run might leave them: no statistic is 0 or 1.
WeightValues SomeWeights(const Model& model) {
  WeightValues values = model.Initial(3);
  at::manual_seed(4);
  values.parameters += 0.05 * at::randn_like(values.parameters);
  values.statistics = 0.5 + at::rand_like(values.statistics);
  return values;
}

at::Tensor RunGraph(const Graph& graph, const std::vector<at::Tensor>& inputs) {
  SessionOptions options;
  options.backend = Backend::kReference;
  auto session = OpenSession(graph, options);
  EXPECT_TRUE(session.ok()) << session.error().message();
  std::vector<TensorView> views;
  std::vector<at::Tensor> packed;
  for (const at::Tensor& input : inputs) {
    packed.push_back(input.contiguous());
    views.emplace_back(Dims(input.sizes().begin(), input.sizes().end()),
                       std::span(packed.back().data_ptr<float>(), static_cast<size_t>(input.numel())));
  }
  std::vector<Tensor> outputs(1);
  const Status run = session.value()->Run(views, outputs);
  EXPECT_TRUE(run.ok()) << run.error().message();
  at::Tensor result = at::empty(at::IntArrayRef(outputs[0].dims()));
  std::memcpy(result.data_ptr<float>(), outputs[0].data(), outputs[0].bytes());
  return result;
}

double LargestDifference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(TorchNet, TheExportedGeneratorComputesWhatTorchDoes) {
  for (const auto& [size_px, audio] : {std::pair{320, Dims{32, 16, 16}}, {160, Dims{32, 16, 16}}}) {
    ModelShape shape;
    shape.generator = {.size_px = size_px, .channels = kNarrow, .audio_dims = audio};
    shape.learns_rows = false;
    const Model model(shape);
    const WeightValues values = SomeWeights(model);
    Replica replica(model.layout, at::kCPU);
    at::NoGradGuard no_grad;
    replica.Load(values);
    replica.Prepare(NormMode::kFolded, at::kFloat);
    const at::Tensor image = at::rand({1, 6, size_px, size_px});
    const at::Tensor sound = at::randn({1, audio[0], audio[1], audio[2]});
    const Graph graph = GeneratorGraph(StateOf(model.layout, values, model.generator), shape.generator).value();
    const at::Tensor expected = RunGraph(graph, {image, sound});
    for (const bool products : {false, true}) {
      NetOptions options;
      options.by_products = products;
      TorchNet net(replica, options);
      const at::Tensor heard = WalkHearing(net, shape.generator, net.Enter(sound));
      const at::Tensor drawn = Draw(model, replica, options, {0, 0, kCells, kCells}, image, heard);
      EXPECT_LT(LargestDifference(drawn, expected), 1e-4) << size_px;
      EXPECT_GT(drawn.std().item<double>(), 1e-3) << "a constant picture proves nothing";
    }
  }
}

TEST(TorchNet, TheExportedEncoderComputesWhatTorchDoes) {
  ModelShape shape;
  shape.encoder.channels = {4, 8, 8, 16, 512};
  shape.generator.channels = kNarrow;
  const Model model(shape);
  const WeightValues values = SomeWeights(model);
  Replica replica(model.layout, at::kCPU);
  at::NoGradGuard no_grad;
  replica.Load(values);
  replica.Prepare(NormMode::kFolded, at::kFloat);
  const at::Tensor mel = 4 * at::randn({3, 1, 80, 16});
  TorchNet net(replica, {});
  const at::Tensor rows = WalkEncoder(net, shape.encoder, net.Enter(mel)).reshape({3, 512});
  const Graph graph = EncoderGraph(StateOf(model.layout, values, model.encoder), shape.encoder).value();
  const double scale = std::max(1.0, rows.abs().max().item<double>());
  EXPECT_LT(LargestDifference(rows, RunGraph(graph, {mel})) / scale, 1e-4);
}

TEST(Model, KnowsWhichOfItsWeightsHear) {
  ModelShape shape;
  shape.generator.channels = shape.encoder.channels = kNarrow;
  shape.learns_rows = true;
  shape.mouth_parameters = 6;
  const Model model(shape);
  const at::Tensor hearing = model.Hearing();
  int hears = 0, draws = 0;
  for (const auto& [name, slot] : model.layout.parameters) {
    const at::Tensor part = hearing.narrow(0, slot.offset, ElementCount(slot.dims).value());
    const double mean = part.mean().item<double>();
    ASSERT_TRUE(mean == 0 || mean == 1) << name;
    (mean == 1 ? hears : draws) += 1;
    const bool is_hearing = name.starts_with("audio_model.") || name.starts_with("mouth_reader.") ||
                            std::ranges::any_of(model.encoder, [&](const FamilyConv& conv) {
                              return name.starts_with(conv.conv + ".") || name.starts_with(conv.norm + ".");
                            });
    EXPECT_EQ(mean == 1, is_hearing) << name;
  }
  EXPECT_GT(hears, 20);
  EXPECT_GT(draws, 100);
}

// A wider encoder beside the same generator: what is taken over is all but the encoder.
TEST(TakeOver, CopiesWhatHasTheSameNameAndDimensions) {
  ModelShape slim;
  slim.generator.channels = kNarrow;
  slim.encoder.channels = {4, 8, 8, 16, 512};
  ModelShape wide = slim;
  wide.encoder.channels = {8, 8, 16, 16, 512};
  const Model from(slim), to(wide);
  const WeightValues old = SomeWeights(from);
  WeightValues values = to.Initial(3);
  const WeightValues initial = to.Initial(3);
  TakeOver(from.layout, old, to.layout, values);
  const at::Tensor encoding = to.Encoding();
  int taken = 0, anew = 0;
  for (const auto& [name, slot] : to.layout.parameters) {
    const int64_t count = ElementCount(slot.dims).value();
    const auto& other = from.layout.parameters.find(name)->second;
    const bool same = other.dims == slot.dims;
    const at::Tensor expected =
        same ? old.parameters.narrow(0, other.offset, count) : initial.parameters.narrow(0, slot.offset, count);
    EXPECT_TRUE(at::equal(values.parameters.narrow(0, slot.offset, count), expected)) << name;
    (same ? taken : anew) += 1;
    const bool encodes = encoding.narrow(0, slot.offset, count).mean().item<double>() == 1;
    EXPECT_TRUE(encodes || same) << name;
  }
  EXPECT_GT(anew, 5);
  EXPECT_GT(taken, 100);
}

// What is learned on a part must hold for the whole: only what its edges see may differ.
TEST(TorchNet, AUpsampledPartIsThatPartOfTheUpsampledWhole) {
  const Model model([] {
    ModelShape shape;
    shape.generator.channels = kNarrow;
    shape.learns_rows = false;
    return shape;
  }());
  Replica replica(model.layout, at::kCPU);
  const at::Tensor whole = at::randn({1, 3, 20, 20});
  TorchNet of_whole(replica, {});
  NetOptions options;
  options.first_row = 2;
  options.first_column = 4;
  TorchNet of_part(replica, options);
  of_part.set_part_cells(5);
  const at::Tensor expected = of_whole.UpsampleTwice(whole).narrow(2, 8, 20).narrow(3, 16, 20);
  const at::Tensor got = of_part.UpsampleTwice(whole.narrow(2, 4, 10).narrow(3, 8, 10));
  EXPECT_LT(LargestDifference(got.narrow(2, 1, 18).narrow(3, 1, 18), expected.narrow(2, 1, 18).narrow(3, 1, 18)), 1e-5);
}

// Devices other than the CPU double maps by matrices; here both ways are at hand.
TEST(TorchNet, UpsamplingByProductsIsTheSameAndHasTheSameGradient) {
  const Model model({});
  const Replica replica(model.layout, at::kCPU);
  NetOptions options;
  options.first_row = 2;
  options.first_column = 4;
  std::array<at::Tensor, 2> results, gradients;
  at::manual_seed(5);
  const at::Tensor map = at::randn({2, 3, 10, 14});
  const at::Tensor pull = at::randn({2, 3, 20, 28});
  for (const bool products : {false, true}) {
    options.by_products = products;
    TorchNet net(replica, options);
    net.set_part_cells(5);
    at::Tensor x = map.clone().set_requires_grad(true);
    const at::Tensor y = net.UpsampleTwice(x);
    (y * pull).sum().backward();
    results[products ? 1 : 0] = y.detach();
    gradients[products ? 1 : 0] = x.grad();
  }
  EXPECT_LT(LargestDifference(results[0], results[1]), 1e-5);
  EXPECT_LT(LargestDifference(gradients[0], gradients[1]), 1e-5);
}

// A normalisation by statistics that are the batch's own is the same whether it is folded or not.
TEST(TorchNet, FoldedIsWhatLiveIsOnceTheStatisticsAreTheBatchs) {
  ModelShape shape;
  shape.encoder.channels = {4, 8, 8, 16, 512};
  shape.generator.channels = kNarrow;
  const Model model(shape);
  Replica replica(model.layout, at::kCPU);
  at::NoGradGuard no_grad;
  replica.Load(SomeWeights(model));
  NetOptions options;
  options.momentum = 1;
  TorchNet net(replica, options);
  const at::Tensor mel = 4 * at::randn({64, 1, 80, 16});
  replica.Prepare(NormMode::kLive, at::kFloat);
  const at::Tensor live = WalkEncoder(net, shape.encoder, net.Enter(mel));
  replica.Prepare(NormMode::kFolded, at::kFloat);
  const at::Tensor folded = WalkEncoder(net, shape.encoder, net.Enter(mel));
  // Statistics keep the unbiased variance: of the 64 numbers of the last layers that is 1/63 more.
  EXPECT_LT(LargestDifference(live, folded), 0.05 * live.abs().max().item<double>());
  EXPECT_GT(live.std().item<double>(), 1e-2);
}

}  // namespace
}  // namespace lips
