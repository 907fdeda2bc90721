#include "engine/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "engine/audio_encoder.h"
#include "engine/model_check.h"
#include "engine/network.h"
#include "engine/proof.h"
#include "engine/test_graph.h"
#include "image/image.h"
#include "image/unit.h"
#include "model/onnx.h"
#include "model/test_data.h"

namespace lips {
namespace {

using testing::HasSubstr;

constexpr int kSizePx = 160;

// Proofs are kept in a folder of the test's own, and models written there.
class GeneratorTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = Path(testing::TempDir()) / ("lipstream-" + std::string(info->name()) + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path folder_;
};

Image Face(int seed, int size_px = kSizePx) {
  Image image(size_px, size_px);
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < 3 * size_px; ++x) {
      state = state * 1664525u + 1013904223u;
      image.view().Row(y)[x] = static_cast<uint8_t>(state >> 24);
    }
  }
  return image;
}

std::vector<uint8_t> Pixels(const Image& image) {
  const ConstImageView view = image.view();
  return {view.data, view.data + static_cast<ptrdiff_t>(view.height) * view.stride_bytes};
}

std::unique_ptr<Generator> Open(const Graph& graph, Backend backend = Backend::kReference) {
  auto generator = OpenNetworkGenerator(graph, {.session = {.backend = backend, .threads = 2}});
  EXPECT_TRUE(generator.ok()) << generator.error().message();
  return generator.ok() ? std::move(generator).value() : nullptr;
}

// Seven mouths of three faces.
std::vector<std::vector<uint8_t>> Mouths(Generator& generator) {
  std::vector<std::unique_ptr<Generator::Template>> faces;
  for (int i = 0; i < 3; ++i) {
    faces.push_back(generator.Prepare(Face(i).view(), Face(10 + i).view()).value());
  }
  std::vector<Tensor> audio;
  std::vector<Image> mouths;
  std::vector<Generator::Job> jobs;
  for (int i = 0; i < 7; ++i) {
    audio.push_back(RandomTensor({32, 16, 16}, i, -20, 20));
    mouths.emplace_back(kSizePx, kSizePx);
  }
  for (size_t i = 0; i < 7; ++i) {
    jobs.push_back({faces[i % 3].get(), std::as_const(audio[i]).As<float>(), mouths[i].view()});
  }
  const Status generated = generator.Generate(jobs);
  EXPECT_TRUE(generated.ok()) << generated.error().message();
  std::vector<std::vector<uint8_t>> pixels;
  for (const Image& mouth : mouths) pixels.push_back(Pixels(mouth));
  return pixels;
}

TEST_F(GeneratorTest, GivesWhatTheWholeNetworkGives) {
  const Graph graph = MiniatureGenerator({.size_px = kSizePx});
  const auto generator = Open(graph);
  const Image roi = Face(0);
  const Image masked = Face(10);
  std::vector<Tensor> inputs;
  inputs.emplace_back(DType::kF32, Dims{1, 6, kSizePx, kSizePx});
  const size_t plane = size_t{3} * kSizePx * kSizePx;
  ToUnit(roi.view(), inputs[0].As<float>().first(plane));
  ToUnit(masked.view(), inputs[0].As<float>().subspan(plane));
  inputs.push_back(RandomTensor({1, 32, 16, 16}, 0, -20, 20));
  const auto whole = RunGraph(graph, inputs, {.backend = Backend::kReference});
  ASSERT_TRUE(whole.ok()) << whole.error().message();
  Image expected(kSizePx, kSizePx);
  ASSERT_TRUE(FromUnit(whole.value()[0].As<float>(), expected.view()));

  EXPECT_EQ(Mouths(*generator)[0], Pixels(expected));
}

TEST_F(GeneratorTest, FixedBatchEqualsSingles) {
  const auto open_batch = Open(MiniatureGenerator({.size_px = kSizePx}));
  const auto batch_of_three = Open(MiniatureGenerator({.batch = 3, .size_px = kSizePx}));
  ASSERT_NE(batch_of_three, nullptr);
  EXPECT_EQ(Mouths(*batch_of_three), Mouths(*open_batch));
}

TEST_F(GeneratorTest, RecyclesTemplates) {
  const auto generator = Open(MiniatureGenerator({.size_px = kSizePx}));
  auto face = generator->Prepare(Face(1).view(), Face(2).view()).value();
  const Generator::Template* before = face.get();
  const size_t bytes = face->bytes();
  EXPECT_GT(bytes, 0u);
  face = generator->Prepare(Face(3).view(), Face(4).view(), std::move(face)).value();
  EXPECT_EQ(face.get(), before);
  EXPECT_EQ(face->bytes(), bytes);
}

TEST_F(GeneratorTest, RefusesFacesAndJobsThatDoNotFit) {
  const auto generator = Open(MiniatureGenerator({.size_px = kSizePx}));
  EXPECT_EQ(generator->Prepare(Face(1, 100).view(), Face(1).view()).error().code(), ErrorCode::kInvalidInput);
  const auto face = generator->Prepare(Face(1).view(), Face(2).view()).value();
  const std::vector<float> audio(8192);
  Image mouth(kSizePx, kSizePx);
  Image small(8, 8);
  for (const Generator::Job& job : {Generator::Job{nullptr, audio, mouth.view()},
                                    Generator::Job{face.get(), std::span(audio).first(512), mouth.view()},
                                    Generator::Job{face.get(), audio, small.view()}}) {
    EXPECT_EQ(generator->Generate({&job, 1}).error().code(), ErrorCode::kInvalidInput);
  }
}

TEST_F(GeneratorTest, NamesTheJobWhoseOutputIsNotANumberAndStaysUsable) {
  const auto generator = Open(MiniatureGenerator({.size_px = kSizePx}));
  const auto face = generator->Prepare(Face(1).view(), Face(2).view()).value();
  const std::vector<float> good(8192, 0.5f);
  std::vector<float> bad = good;
  bad[77] = std::numeric_limits<float>::quiet_NaN();
  Image mouth(kSizePx, kSizePx);
  const std::vector<Generator::Job> jobs = {{face.get(), good, mouth.view()}, {face.get(), bad, mouth.view()}};
  const Status generated = generator->Generate(jobs);
  ASSERT_FALSE(generated.ok());
  EXPECT_EQ(generated.error().code(), ErrorCode::kCorrupted);
  EXPECT_THAT(generated.error().message(), HasSubstr("job 1"));
  EXPECT_TRUE(generator->Generate({jobs.data(), 1}).ok());
}

TEST_F(GeneratorTest, PreparesAndGeneratesOnTwoThreads) {
  const auto generator = Open(MiniatureGenerator({.size_px = kSizePx}));
  const auto face = generator->Prepare(Face(1).view(), Face(2).view()).value();
  const std::vector<float> audio(8192, 0.5f);
  std::vector<std::vector<uint8_t>> mouths;
  std::jthread preparing([&] {
    std::unique_ptr<Generator::Template> other;
    for (int i = 0; i < 3; ++i) {
      other = generator->Prepare(Face(i).view(), Face(i).view(), std::move(other)).value();
    }
  });
  for (int i = 0; i < 3; ++i) {
    Image mouth(kSizePx, kSizePx);
    const Generator::Job job = {face.get(), audio, mouth.view()};
    ASSERT_TRUE(generator->Generate({&job, 1}).ok());
    mouths.push_back(Pixels(mouth));
  }
  EXPECT_EQ(mouths[0], mouths[1]);
  EXPECT_EQ(mouths[0], mouths[2]);
}

TEST_F(GeneratorTest, OnnxRuntimeAgreesAndIsProvenOnce) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  const Graph graph = MiniatureGenerator({.size_px = kSizePx});
  const auto reference = Mouths(*Open(graph));
  const auto ort = Mouths(*Open(graph, Backend::kOnnxRuntime));
  int64_t changed = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    for (size_t k = 0; k < reference[i].size(); ++k) {
      ASSERT_LE(std::abs(reference[i][k] - ort[i][k]), 1);
      changed += reference[i][k] != ort[i][k] ? 1 : 0;
    }
  }
  EXPECT_LT(changed, 100);  // truncation makes one level of a last bit now and then
  int proofs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "lipstream")) {
    EXPECT_THAT(entry.path().filename().string(), HasSubstr("proof-"));
    ++proofs;
  }
  EXPECT_EQ(proofs, 1);
}

TEST_F(GeneratorTest, NullReturnsTheRegionOfInterest) {
  const auto generator = OpenGenerator({}, {.session = {.backend = Backend::kNull}}).value();
  const Image roi = Face(5, generator->size_px());
  const auto face = generator->Prepare(roi.view(), roi.view()).value();
  Image mouth(generator->size_px(), generator->size_px());
  const std::vector<float> audio(static_cast<size_t>(generator->audio_floats()));
  const Generator::Job job = {face.get(), audio, mouth.view()};
  ASSERT_TRUE(generator->Generate({&job, 1}).ok());
  EXPECT_EQ(Pixels(mouth), Pixels(roi));
}

TEST(Proof, FailsForWhatAViewerCouldSee) {
  const Tensor expected = FloatTensor({3}, {0, 0.5f, 1});
  EXPECT_TRUE(CheckProof(expected, FloatTensor({3}, {0, 0.501f, 1})).ok());
  const Status seen = CheckProof(expected, FloatTensor({3}, {0, 0.51f, 1}));
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().code(), ErrorCode::kCorrupted);
  EXPECT_THAT(seen.error().message(), HasSubstr("0.01 at element 1"));
  EXPECT_FALSE(CheckProof(expected, FloatTensor({3}, {0, std::nanf(""), 1})).ok());
  EXPECT_FALSE(CheckProof(expected, FloatTensor({2}, {0, 0.5f})).ok());
}

TEST_F(GeneratorTest, EncoderRowsDoNotDependOnTheirCompany) {
  const Path model = folder_ / "encoder.onnx";
  ASSERT_TRUE(WriteOnnx(model, MiniatureEncoder()).ok());
  for (const Backend backend : {Backend::kReference, Backend::kOnnxRuntime}) {
    if (backend == Backend::kOnnxRuntime && !OnnxRuntimeVersion().ok()) continue;
    auto encoder = OpenAudioEncoder(model, {.session = {.backend = backend}});
    ASSERT_TRUE(encoder.ok()) << encoder.error().message();
    const Tensor mel = RandomTensor({11, 80, 16}, 4);
    std::vector<float> together(11 * 512);
    ASSERT_TRUE(encoder.value()->Encode(mel.As<float>(), 11, together).ok());
    for (size_t row = 0; row < 11; ++row) {
      std::vector<float> alone(512);
      ASSERT_TRUE(encoder.value()->Encode(mel.As<float>().subspan(row * 1280, 1280), 1, alone).ok());
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<ptrdiff_t>(row * 512)));
    }
  }
}

TEST_F(GeneratorTest, TrainedNetworksAgreeWithOnnxRuntime) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  for (const char* name : {kGeneratorFile, kEncoderFile}) {
    const Path model = TestData(name);
    if (model.empty()) GTEST_SKIP() << name << " is not in LIPSTREAM_TEST_DATA";
    const auto graph = ReadOnnx(model);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    std::vector<Tensor> inputs;
    for (const ValueId id : graph.value().inputs) {
      Dims dims = graph.value().values[static_cast<size_t>(id)].dims;
      dims[0] = 1;
      inputs.push_back(ProofInput(dims));
    }
    const auto reference = RunGraph(graph.value(), inputs, {.backend = Backend::kReference});
    const auto ort = RunGraph(graph.value(), inputs, {.backend = Backend::kOnnxRuntime});
    ASSERT_TRUE(reference.ok()) << reference.error().message();
    ASSERT_TRUE(ort.ok()) << ort.error().message();
    const double error = MaxAbsDifference(reference.value()[0], ort.value()[0]);
    RecordProperty(Path(name).stem().string() + "_max_abs_error_times_1e9", std::to_string(error * 1e9));
    EXPECT_LE(error, 1e-4) << name;
  }
}

}  // namespace
}  // namespace lips
