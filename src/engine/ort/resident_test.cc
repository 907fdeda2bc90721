// Sessions whose values lie where they compute: here on the CPU, where results can be compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine/network.h"
#include "engine/test_graph.h"
#include "image/image.h"
#include "model/builder.h"
#include "model/half_graph.h"

namespace lips {
namespace {

using testing::HasSubstr;

constexpr int kSizePx = 160;

#define SKIP_WITHOUT_ORT() \
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message()

SessionOptions Ort(bool resident, Precision precision = Precision::kF32) {
  SessionOptions options = {.backend = Backend::kOnnxRuntime, .threads = 1, .precision = precision};
  options.resident = resident;
  return options;
}

Image Waves(int seed) {
  Image image(kSizePx, kSizePx);
  for (int y = 0; y < kSizePx; ++y) {
    for (int x = 0; x < 3 * kSizePx; ++x) {
      image.view().Row(y)[x] = static_cast<uint8_t>(128 + 100 * std::sin(0.02 * (x + 1) * (seed + 1) + 0.05 * y));
    }
  }
  return image;
}

std::unique_ptr<Generator> Open(const Graph& graph, const SessionOptions& session) {
  auto generator = OpenNetworkGenerator(graph, {.session = session, .prove = false});
  EXPECT_TRUE(generator.ok()) << generator.error().message();
  return generator.ok() ? std::move(generator).value() : nullptr;
}

// Bytes of mouths 0 to `count` of three faces, made in one call.
std::vector<uint8_t> Mouths(Generator& generator, size_t count) {
  std::vector<std::unique_ptr<Generator::Template>> faces;
  for (int i = 0; i < 3; ++i) {
    auto old = i == 0 ? generator.Prepare(Waves(7).view(), Waves(8).view()).value() : nullptr;  // to be recycled
    faces.push_back(generator.Prepare(Waves(i).view(), Waves(3 + i).view(), std::move(old)).value());
  }
  std::vector<Tensor> audio;
  std::vector<Image> mouths;
  std::vector<Generator::Job> jobs;
  for (size_t i = 0; i < count; ++i) {
    audio.push_back(RandomTensor({32, 16, 16}, static_cast<int>(i), -20, 20));
    mouths.emplace_back(kSizePx, kSizePx);
  }
  for (size_t i = 0; i < count; ++i) {
    jobs.push_back({faces[i % 3].get(), std::as_const(audio[i]).As<float>(), mouths[i].view()});
  }
  for (int round = 0; round < 2; ++round) {  // the first of a batch size learns its shapes
    const Status generated = generator.Generate(jobs);
    EXPECT_TRUE(generated.ok()) << generated.error().message();
  }
  std::vector<uint8_t> bytes;
  for (const Image& mouth : mouths) {
    const ConstImageView view = mouth.view();
    for (int y = 0; y < kSizePx; ++y) bytes.insert(bytes.end(), view.Row(y), view.Row(y) + 3 * kSizePx);
  }
  return bytes;
}

int LargestStep(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// Seven frames go in pieces of four, two and one.
TEST(ResidentGenerator, MakesInAnyBatchWhatCopyingMakes) {
  SKIP_WITHOUT_ORT();
  const Graph graph = MiniatureGenerator({.size_px = kSizePx});
  const auto copying = Open(graph, Ort(false));
  const auto resident = Open(graph, Ort(true));
  EXPECT_EQ(copying->preferred_jobs(), 1);
  EXPECT_GT(resident->preferred_jobs(), 1);
  const std::vector<uint8_t> expected = Mouths(*copying, 7);
  EXPECT_LE(LargestStep(Mouths(*resident, 7), expected), 1);
  const std::vector<uint8_t> two = {expected.begin(), expected.begin() + 2 * 3 * kSizePx * kSizePx};
  EXPECT_LE(LargestStep(Mouths(*resident, 2), two), 1);
}

TEST(ResidentGenerator, TakesNetworksOfAFixedBatch) {
  SKIP_WITHOUT_ORT();
  const std::vector<uint8_t> expected = Mouths(*Open(MiniatureGenerator({.size_px = kSizePx}), Ort(false)), 4);
  for (const int64_t batch : {1, 3}) {
    const auto fixed = Open(MiniatureGenerator({.batch = batch, .size_px = kSizePx}), Ort(true));
    EXPECT_LE(LargestStep(Mouths(*fixed, 4), expected), 1) << batch;
    EXPECT_EQ(fixed->preferred_jobs(), 1) << batch;
  }
}

TEST(ResidentGenerator, KeepsTemplatesOfHalfTheBytesInHalfPrecision) {
  SKIP_WITHOUT_ORT();
  const Graph graph = MiniatureGenerator({.size_px = kSizePx});
  const auto single = Open(graph, Ort(true));
  const auto half = Open(graph, Ort(true, Precision::kF16));
  EXPECT_THAT(half->Describe(), HasSubstr(" f16"));
  const size_t bytes = single->Prepare(Waves(0).view(), Waves(1).view()).value()->bytes();
  EXPECT_EQ(half->Prepare(Waves(0).view(), Waves(1).view()).value()->bytes(), bytes / 2);
  const int step = LargestStep(Mouths(*half, 3), Mouths(*single, 3));
  EXPECT_GE(step, 1);  // else it did not compute in f16
  EXPECT_LE(step, 4);
}

// Batches of three that crosses in f16, gathered on the host.
TEST(HalfGenerator, GathersAFixedBatch) {
  SKIP_WITHOUT_ORT();
  const auto one = Open(MiniatureGenerator({.size_px = kSizePx}), Ort(false, Precision::kF16));
  const auto three = Open(MiniatureGenerator({.batch = 3, .size_px = kSizePx}), Ort(false, Precision::kF16));
  EXPECT_LE(LargestStep(Mouths(*three, 4), Mouths(*one, 4)), 1);
}

TEST(HalfSession, ComputesWhatTheReferenceDoesUpToRounding) {
  const Graph graph = MiniatureGenerator({.batch = 1, .size_px = kSizePx});
  std::vector<Tensor> inputs;
  inputs.push_back(RandomTensor({1, 6, kSizePx, kSizePx}, 1, 0, 1));
  inputs.push_back(RandomTensor({1, 32, 16, 16}, 2));
  const auto half = ComputeInHalf(graph);
  ASSERT_TRUE(half.ok()) << half.error().message();
  const auto exact = RunGraph(graph, inputs, {.backend = Backend::kReference});
  const auto rounded = RunGraph(half.value(), inputs, {.backend = Backend::kReference});
  ASSERT_TRUE(exact.ok() && rounded.ok());
  const double error = MaxAbsDifference(exact.value()[0], rounded.value()[0]);
  EXPECT_GT(error, 1e-6);
  EXPECT_LT(error, 1e-2);
  SKIP_WITHOUT_ORT();
  const auto ort = RunGraph(graph, inputs, Ort(false, Precision::kF16));
  ASSERT_TRUE(ort.ok()) << ort.error().message();
  EXPECT_LT(MaxAbsDifference(ort.value()[0], rounded.value()[0]), 1e-2);
}

TEST(HalfSession, IsRefusedByEnginesThatLackIt) {
  GraphBuilder net;
  net.Output(net.Add("Relu", {net.Input("x", {2})}), "y");
  const Graph graph = std::move(net).Finish();
  for (const auto& [backend, precision, other] : {std::tuple{Backend::kCpu, Precision::kF16, "cuda or ort"},
                                                  std::tuple{Backend::kReference, Precision::kF16, "cuda or ort"},
                                                  std::tuple{Backend::kOnnxRuntime, Precision::kBf16, "cpu"}}) {
    const auto opened = OpenSession(graph, {.backend = backend, .precision = precision});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
    EXPECT_THAT(opened.error().message(), HasSubstr("use --engine " + std::string(other)));
  }
}

TEST(ResidentSession, RefusesWhatDoesNotFit) {
  SKIP_WITHOUT_ORT();
  GraphBuilder net;
  net.Output(net.Add("Add", {net.Input("x", {kDynamicDim, 2}), net.Input("z", {kDynamicDim, 2})}), "y");
  const auto sum = OpenSession(std::move(net).Finish(), Ort(true));
  GraphBuilder twice;
  twice.Output(twice.Add("Relu", {twice.Input("x", {kDynamicDim, 2})}), "y");
  const auto relu = OpenSession(std::move(twice).Finish(), Ort(true));
  ASSERT_TRUE(sum.ok() && relu.ok());
  const Tensor row = FloatTensor({1, 2}, {3, -4});
  const Tensor rows = FloatTensor({2, 2}, {1, 2, 3, 4});
  const std::vector<TensorView> one = {row};
  const std::vector<TensorView> two = {rows};
  const auto kept = relu.value()->RunToKeep(one);
  const auto pair = relu.value()->RunToKeep(two);
  ASSERT_TRUE(kept.ok() && pair.ok());
  EXPECT_TRUE(kept.value()->stacks());
  EXPECT_FALSE(pair.value()->stacks());
  std::vector<TensorView> outputs(1);
  const auto run = [&](std::vector<const Session::Kept*> values, const std::vector<TensorView>& others) {
    return sum.value()->RunWith(values, others, outputs);
  };
  ASSERT_TRUE(run({kept.value().get(), kept.value().get()}, two).ok());
  EXPECT_THAT(std::vector<float>(reinterpret_cast<const float*>(outputs[0].data),
                                 reinterpret_cast<const float*>(outputs[0].data) + 4),
              testing::ElementsAre(4, 2, 6, 4));
  EXPECT_FALSE(run({kept.value().get()}, {}).ok());
  EXPECT_FALSE(run({pair.value().get(), pair.value().get()}, two).ok());
  EXPECT_FALSE(run({kept.value().get(), pair.value().get()}, two).ok());
  EXPECT_FALSE(run({nullptr}, one).ok());
  // More sets of shapes than are kept ready.
  for (int64_t count = 1; count < 40; ++count) {
    const Tensor many = RandomTensor({count, 2}, 1);
    const std::vector<TensorView> inputs = {many, many};
    std::vector<Tensor> sums(1);
    ASSERT_TRUE(sum.value()->Run(inputs, sums).ok());
    EXPECT_EQ(sums[0].As<float>()[0], 2 * many.As<float>()[0]);
  }
}

}  // namespace
}  // namespace lips
