#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include "engine/cpu/generator.h"
#include "engine/network.h"
#include "engine/test_graph.h"
#include "image/image.h"
#include "image/random_picture.h"
#include "tests/testdata/networks.h"

// Counts what this binary allocates: see AllocatesNothingOnceItRuns.
namespace {
std::atomic<int64_t> allocations{0};
}
void* operator new(size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes); p != nullptr) return p;
  std::abort();
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(bytes);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace lips {
namespace {

constexpr int kSize = 320;

GeneratorOptions Options(Precision precision, int threads = 2, TemplateLevel level = TemplateLevel::kExpanded) {
  GeneratorOptions options;
  options.session.backend = Backend::kCpu;
  options.session.precision = precision;
  options.session.threads = threads;
  options.template_level = level;
  options.prove = false;
  return options;
}

struct Input {
  Image roi, masked;
  std::vector<float> audio;
};

Input MakeInput(int seed, const Generator& generator) {
  std::mt19937 rng(static_cast<unsigned>(seed));
  Input input{SmoothPicture(rng, kSize, kSize), SmoothPicture(rng, kSize, kSize), {}};
  const Tensor audio = RandomTensor({generator.audio_floats()}, seed, 0, 2);
  input.audio.assign(audio.As<float>().begin(), audio.As<float>().end());
  return input;
}

std::unique_ptr<Generator> Open(const Graph& graph, const GeneratorOptions& options) {
  auto generator = OpenNetworkGenerator(graph, options);
  EXPECT_TRUE(generator.ok()) << generator.error().message();
  return generator.ok() ? std::move(generator).value() : nullptr;
}

Image MouthOf(Generator& generator, const Input& input) {
  auto face = generator.Prepare(input.roi.view(), input.masked.view());
  EXPECT_TRUE(face.ok()) << face.error().message();
  Image mouth(kSize, kSize);
  const Generator::Job job{face.value().get(), input.audio, mouth.view()};
  const Status done = generator.Generate({&job, 1});
  EXPECT_TRUE(done.ok()) << done.error().message();
  return mouth;
}

int LargestDifference(const Image& a, const Image& b) {
  int largest = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < 3 * a.width(); ++x)
      largest = std::max(largest, std::abs(a.view().Row(y)[x] - b.view().Row(y)[x]));
  }
  return largest;
}

bool Same(const Image& a, const Image& b) { return LargestDifference(a, b) == 0; }

TEST(CpuGenerator, GivesTheReferencesPictureAtEveryLevel) {
  const Graph graph = testdata::MakeGenerator({});
  GeneratorOptions reference = Options(Precision::kF32);
  reference.session.backend = Backend::kReference;
  const auto oracle = Open(graph, reference);
  const Input input = MakeInput(1, *oracle);
  const Image expected = MouthOf(*oracle, input);
  for (const TemplateLevel level : {TemplateLevel::kDeep, TemplateLevel::kSkips, TemplateLevel::kExpanded}) {
    const auto generator = Open(graph, Options(Precision::kF32, 2, level));
    EXPECT_LE(LargestDifference(MouthOf(*generator, input), expected), 1) << "level " << static_cast<int>(level);
  }
}

TEST(CpuGenerator, GivesTheSameBitsForAnyNumberOfThreads) {
  const Graph graph = testdata::MakeGenerator({.channels = {16, 24, 32, 48, 64}});
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    const auto one = Open(graph, Options(precision, 1));
    const Input input = MakeInput(2, *one);
    const Image expected = MouthOf(*one, input);
    for (const int threads : {2, 3, 5}) {
      const auto generator = Open(graph, Options(precision, threads));
      EXPECT_TRUE(Same(MouthOf(*generator, input), expected)) << threads << " threads";
    }
  }
}

TEST(CpuGenerator, GivesABatchWhatItGivesSingleFrames) {
  const auto generator = Open(testdata::MakeGenerator({}), Options(Precision::kF32, 2));
  std::vector<Input> inputs;
  std::vector<std::unique_ptr<Generator::Template>> faces;
  std::vector<Image> expected, mouths;
  std::vector<Generator::Job> jobs;
  for (int i = 0; i < 5; ++i) {
    inputs.push_back(MakeInput(10 + i, *generator));
    expected.push_back(MouthOf(*generator, inputs.back()));
    mouths.emplace_back(kSize, kSize);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    faces.push_back(generator->Prepare(inputs[i].roi.view(), inputs[i].masked.view()).value());
    jobs.push_back({faces[i].get(), inputs[i].audio, mouths[i].view()});
  }
  ASSERT_TRUE(generator->Generate(jobs).ok());
  for (size_t i = 0; i < mouths.size(); ++i) EXPECT_TRUE(Same(mouths[i], expected[i])) << i;
}

// Rings, single pixels and a band at the border: what is used has the same bits as without a mask.
TEST(CpuGenerator, ComputesUsedPixelsAsWithoutAMask) {
  const Graph graph = testdata::MakeGenerator({.channels = {16, 24, 32, 48, 64}});
  const auto whole = Open(graph, Options(Precision::kF32));
  const Input input = MakeInput(3, *whole);
  const Image expected = MouthOf(*whole, input);
  const auto check = [&](const char* name, const auto& inside) {
    GeneratorOptions options = Options(Precision::kF32, 3);
    options.used.resize(kSize * kSize);
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) options.used[static_cast<size_t>(y * kSize + x)] = inside(x, y) ? 1 : 0;
    }
    const auto generator = Open(graph, options);
    const Image mouth = MouthOf(*generator, input);
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        if (!inside(x, y)) continue;
        for (int c = 0; c < 3; ++c)
          ASSERT_EQ(mouth.view().Row(y)[3 * x + c], expected.view().Row(y)[3 * x + c]) << name << " " << x << "," << y;
      }
    }
  };
  check("ring", [](int x, int y) {
    const int d = (x - 150) * (x - 150) + (y - 200) * (y - 200);
    return d < 90 * 90 && d > 60 * 60;
  });
  check("corners", [](int x, int y) { return (x == 0 || x == kSize - 1) && (y == 0 || y == kSize - 1); });
  check("one pixel", [](int x, int y) { return x == 65 && y == 131; });
  check("band", [](int, int y) { return y > 310; });
  check("nothing", [](int, int) { return false; });
}

TEST(CpuGenerator, AdoptsWhatItStored) {
  const auto generator = Open(testdata::MakeGenerator({}), Options(Precision::kF32));
  const Input input = MakeInput(4, *generator);
  auto face = generator->Prepare(input.roi.view(), input.masked.view());
  ASSERT_TRUE(face.ok());
  const auto blob = face.value()->blob();
  const std::shared_ptr<uint8_t[]> memory(static_cast<uint8_t*>(std::aligned_alloc(64, (blob.size() + 63) / 64 * 64)),
                                          [](uint8_t* p) { std::free(p); });
  std::ranges::copy(blob, memory.get());
  auto adopted = generator->Adopt({memory.get(), blob.size()}, memory);
  ASSERT_TRUE(adopted.ok()) << adopted.error().message();
  Image mouth(kSize, kSize);
  const Generator::Job job{adopted.value().get(), input.audio, mouth.view()};
  ASSERT_TRUE(generator->Generate({&job, 1}).ok());
  EXPECT_TRUE(Same(mouth, MouthOf(*generator, input)));
  EXPECT_FALSE(generator->Adopt({memory.get(), blob.size() - 1}, memory).ok());
}

TEST(CpuGenerator, AllocatesNothingOnceItRuns) {
  const auto generator = Open(testdata::MakeGenerator({}), Options(Precision::kAuto, 2));
  const Input input = MakeInput(5, *generator);
  auto face = generator->Prepare(input.roi.view(), input.masked.view()).value();
  Image mouth(kSize, kSize);
  const Generator::Job job{face.get(), input.audio, mouth.view()};
  const std::vector<Generator::Job> jobs(4, job);
  ASSERT_TRUE(generator->Generate(jobs).ok());
  const int64_t before = allocations.load();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(generator->Generate({&job, 1}).ok());
    ASSERT_TRUE(generator->Generate(jobs).ok());
  }
  EXPECT_EQ(allocations.load(), before);
}

TEST(CpuGenerator, SaysWhichFrameGaveNaN) {
  const auto generator = Open(testdata::MakeGenerator({}), Options(Precision::kF32));
  Input input = MakeInput(6, *generator);
  input.audio[77] = std::numeric_limits<float>::quiet_NaN();
  auto face = generator->Prepare(input.roi.view(), input.masked.view()).value();
  Image mouth(kSize, kSize);
  const Generator::Job job{face.get(), input.audio, mouth.view()};
  const Status status = generator->Generate({&job, 1});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("job 0"), std::string::npos) << status.error().message();
}

double DifferenceFromReference(const Graph& graph, int64_t entries, Precision precision) {
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    Dims dims = graph.values[static_cast<size_t>(id)].dims;
    dims[0] = entries;
    inputs.push_back(RandomTensor(dims, 3, 0, 1));
  }
  const auto expected = RunGraph(graph, inputs, {.backend = Backend::kReference});
  const auto actual = RunGraph(graph, inputs, {.backend = Backend::kCpu, .threads = 2, .precision = precision});
  EXPECT_TRUE(expected.ok() && actual.ok()) << (actual.ok() ? "" : actual.error().message());
  if (!expected.ok() || !actual.ok()) return HUGE_VAL;
  double largest = 0;
  for (size_t i = 0; i < expected.value().size(); ++i) {
    largest = std::max(largest, MaxAbsDifference(expected.value()[i], actual.value()[i]));
  }
  return largest;
}

TEST(CpuSession, EqualsTheReferenceForEverySibling) {
  bool newest = false;  // spellings take turns: network_passes_test proves that they become the same operators
  for (const int size : {160, 320}) {
    for (const Dims& audio : {Dims{32, 16, 16}, Dims{32, 32, 32}, Dims{256, 16, 32}}) {
      newest = !newest;
      testdata::GeneratorRecipe recipe{.size_px = size, .audio_dims = audio, .follows_sound = false};
      recipe.spelling.opset = newest ? 17 : 11;
      recipe.spelling.fold_batch_norm = newest;
      EXPECT_LE(DifferenceFromReference(testdata::MakeGenerator(recipe), 1, Precision::kF32), 1e-4)
          << size << " px, opset " << recipe.spelling.opset << ", audio " << ToString(audio);
    }
  }
}

TEST(CpuSession, EqualsTheReferenceForAnyBatch) {
  for (const int64_t batch : {int64_t{1}, int64_t{3}, kDynamicDim}) {
    testdata::GeneratorRecipe generator{.size_px = 160, .follows_sound = false};
    generator.spelling.batch = batch;
    testdata::EncoderRecipe encoder;
    encoder.spelling.batch = batch;
    for (const Graph& graph : {testdata::MakeGenerator(generator), testdata::MakeAudioEncoder(encoder)}) {
      EXPECT_LE(DifferenceFromReference(graph, batch == kDynamicDim ? 2 : batch, Precision::kF32), 1e-4) << batch;
    }
  }
}

}  // namespace
}  // namespace lips
