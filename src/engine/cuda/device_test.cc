// Engine cuda on a device; skips where there is none. What runs in a simulator instead: plan_test.cc.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "engine/cuda/batch.h"
#include "engine/cuda/composite_scenes.h"
#include "engine/cuda/generator.h"
#include "engine/cuda/launch.h"
#include "engine/cuda/layers.h"
#include "engine/generator.h"
#include "engine/passes_check.h"
#include "engine/proof.h"
#include "image/unit.h"
#include "model/onnx.h"
#include "model/passes.h"

namespace lips::cuda {
namespace {

using ::testing::HasSubstr;

constexpr double kGateDb = 60;  // docs/numerics.md

class CudaDeviceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto device = Device::Open();
    if (!device.ok()) GTEST_SKIP() << "no device to test on: " << device.error().message();  // ctest looks for this
    device_ = device.value();
  }
  Device device_;
};

// A graph of planes in and out, run on the device.
Result<std::vector<Tensor>> RunOnDevice(const lips::Graph& graph, std::span<const Tensor> inputs,
                                        const Device& device) {
  ASSIGN_OR_RETURN(Plan plan, Plan::Make(graph, {}));
  ASSIGN_OR_RETURN(const Program program, Program::Make(std::move(plan), device));
  ASSIGN_OR_RETURN(const Stream stream, Stream::Make());
  std::vector<Memory> memory;
  Bindings bindings;
  for (const Tensor& input : inputs) {
    ASSIGN_OR_RETURN(Memory one, Memory::OnDevice(input.bytes()));
    RETURN_IF_ERROR(Check(cudaMemcpy(one.data(), input.data(), input.bytes(), cudaMemcpyHostToDevice), "sending"));
    bindings.inputs.push_back({.base = one.data(), .image_bytes = input.bytes()});
    memory.push_back(std::move(one));
  }
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs) outputs.emplace_back(DType::kF32, graph.values[static_cast<size_t>(id)].dims);
  for (const Tensor& output : outputs) {
    ASSIGN_OR_RETURN(Memory one, Memory::OnDevice(output.bytes()));
    bindings.outputs.push_back({.base = one.data(), .image_bytes = output.bytes()});
    memory.push_back(std::move(one));
  }
  ASSIGN_OR_RETURN(const Memory broken, Memory::OnDevice(sizeof(int)));
  bindings.broken = reinterpret_cast<int*>(broken.data());
  ASSIGN_OR_RETURN(const Run run, Run::Make(program, bindings));
  RETURN_IF_ERROR(run.Enqueue(stream));
  RETURN_IF_ERROR(stream.Wait());
  for (size_t i = 0; i < outputs.size(); ++i) {
    RETURN_IF_ERROR(
        Check(cudaMemcpy(outputs[i].data(), bindings.outputs[i].base, outputs[i].bytes(), cudaMemcpyDeviceToHost),
              "receiving"));
  }
  return outputs;
}

void ExpectAsReference(const lips::Graph& graph, const Device& device, const std::string& what) {
  const lips::Graph shaped = Shaped(graph);
  const std::vector<Tensor> inputs = InputsOf(shaped);
  const std::vector<Tensor> expected = Outputs(shaped);
  const auto actual = RunOnDevice(shaped, inputs, device);
  ASSERT_TRUE(actual.ok()) << what << ": " << actual.error().message();
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LE(MaxAbsDifference(expected[i], actual.value()[i]), kLayerTolerance * LargestOf(expected[i])) << what;
  }
}

TEST_F(CudaDeviceTest, LayersOfEveryFormAreTheReferences) {
  const auto cases = ResidualCases();
  for (size_t i = 0; i < cases.size(); ++i) {
    ExpectAsReference(ResidualGraph(cases[i]), device_, "residual " + std::to_string(i));
  }
  const auto graphs = Convolutions();
  for (size_t i = 0; i < graphs.size(); ++i) ExpectAsReference(graphs[i], device_, "convolution " + std::to_string(i));
}

// The device's memory and kernels.
class DeviceMachine : public CompositeMachine {
 public:
  DeviceMachine() {
    auto stream = Stream::Make();
    EXPECT_TRUE(stream.ok()) << stream.error().message();
    if (stream.ok()) stream_ = std::move(stream).value();
  }
  uint8_t* Hold(std::span<const uint8_t> bytes) override {
    auto memory = Memory::OnDevice(std::max(bytes.size(), size_t{1}));
    EXPECT_TRUE(memory.ok()) << memory.error().message();
    if (!memory.ok()) return nullptr;
    uint8_t* const data = held_.emplace_back(std::move(memory).value()).data();
    const Status sent =
        Check(cudaMemcpyAsync(data, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream_.get()), "sending");
    EXPECT_TRUE(sent.ok()) << sent.error().message();
    return data;
  }
  Status Run(const CompositeLaunch& launch) override { return Check(Start(launch, stream_.get()), "starting"); }
  Status Read(const uint8_t* held, std::span<uint8_t> bytes) override {
    RETURN_IF_ERROR(
        Check(cudaMemcpyAsync(bytes.data(), held, bytes.size(), cudaMemcpyDeviceToHost, stream_.get()), "receiving"));
    return stream_.Wait();
  }

 private:
  std::vector<Memory> held_;
  Stream stream_;
};

// Sixteen faces of as many places in 720p frames, as many blocks as there are by default.
std::vector<Comparison> WholeFrameComparisons() {
  Comparison natural = {.size_px = 320, .way = {.blocks = CompositeBindings().paste_blocks}};
  for (int i = 0; i < 16; ++i) {
    natural.scenes.push_back({{100.3 + 50 * i, 90.6 + 18 * i, 330.4 + 3 * i, 340.1}, 1280, 720, kFormats[i % 4]});
  }
  Comparison compatible = natural, patches = natural;
  compatible.mode = CompositeMode::kCompatible;
  compatible.way.in_place = true;
  patches.way.nv12 = true;
  return {natural, compatible, patches};
}

TEST_F(CudaDeviceTest, CompositingIsTheCpusToTheBit) {
  for (const auto& all : {NaturalComparisons(), SmallComparisons(), CompatibleComparisons(), EmptyComparisons(),
                          std::vector{OwnMouthComparison()}}) {
    DeviceMachine machine;
    for (const Comparison& one : all) Compare(machine, one);
  }
}

TEST_F(CudaDeviceTest, CompositingSixteenFramesIsTheCpusToTheBit) {
  for (int run = 0; run < 3; ++run) {
    DeviceMachine machine;
    for (const Comparison& one : WholeFrameComparisons()) Compare(machine, one);
  }
}

// Trained networks: the demo's, and that of the test material where it is.
std::vector<Path> TrainedNetworks() {
  std::vector<Path> paths = {Path(DEMO_ASSETS) / "generator.onnx"};
  if (const char* data = std::getenv("LIPSTREAM_TEST_DATA"); data != nullptr) {
    const Path trained = Path(data) / "sanders/checkpoint/model_best.onnx";
    if (std::filesystem::exists(trained)) paths.push_back(trained);
  }
  return paths;
}

Tensor Pictures(int side) {
  Tensor planes = ProofInput({1, 6, side, side});
  Image picture(side, side);
  const auto floats = static_cast<size_t>(3 * side * side);
  for (size_t i = 0; i < 2; ++i) {
    const auto part = planes.As<float>().subspan(i * floats, floats);
    EXPECT_TRUE(FromUnit(part, picture.view()));
    ToUnit(picture.view(), part);
  }
  return planes;
}

TEST_F(CudaDeviceTest, TrainedNetworksPassTheGate) {
  for (const Path& path : TrainedNetworks()) {
    const auto graph = ReadOnnx(path);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    const auto single = WithBatch(graph.value(), 1);
    ASSERT_TRUE(single.ok());
    const auto optimised = Optimise(single.value());
    ASSERT_TRUE(optimised.ok());
    const GeneratorBinding binding = BindGenerator(single.value()).value();
    const Dims& audio = binding.audio_dims;
    std::vector<Tensor> inputs(2);
    inputs[static_cast<size_t>(binding.image_input)] = Pictures(binding.size_px);
    inputs[static_cast<size_t>(binding.audio_input)] = ProofInput({1, audio[0], audio[1], audio[2]});
    const auto expected = RunGraph(single.value(), inputs, {.backend = Backend::kReference});
    ASSERT_TRUE(expected.ok());
    const auto actual = RunOnDevice(optimised.value(), inputs, device_);
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    const auto want = expected.value()[0].As<float>(), got = actual.value()[0].As<float>();
    double squares = 0;
    for (size_t i = 0; i < want.size(); ++i) squares += std::pow(static_cast<double>(want[i]) - got[i], 2);
    const double db = -10 * std::log10(squares / static_cast<double>(want.size()));
    EXPECT_GE(db, kGateDb) << path;
    RecordProperty(path.filename().string() + "_db", std::to_string(db));
    std::printf("%s: %.1f dB, largest difference %.5f\n", path.c_str(), db,
                MaxAbsDifference(expected.value()[0], actual.value()[0]));
  }
}

// The demo's generator with made-up faces and sounds.
class CudaGeneratorTest : public CudaDeviceTest {
 protected:
  void SetUp() override {
    CudaDeviceTest::SetUp();
    if (IsSkipped()) return;
    generator_ = Open({});
    for (int i = 0; i < 5; ++i) faces_.push_back(Face(*generator_, i));
    for (int i = 0; i < kSounds; ++i) sounds_.push_back(RandomTensor({8192}, 30 + i, -1, 1));
  }

  static std::unique_ptr<Generator> Open(std::vector<uint8_t> used) {
    GeneratorOptions options;
    options.session.backend = Backend::kCuda;
    options.used = std::move(used);
    options.prove = false;
    auto opened = OpenGenerator(Path(DEMO_ASSETS) / "generator.onnx", options);
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    return std::move(opened).value();
  }

  static std::unique_ptr<Generator::Template> Face(Generator& generator, int seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    Image pictures[2] = {Image(320, 320), Image(320, 320)};
    for (Image& picture : pictures) {
      for (int y = 0; y < 320; ++y) {
        for (int x = 0; x < 320 * 3; ++x) {
          picture.view().data[y * 960 + x] =
              static_cast<uint8_t>((x + y + seed * 40) % 200 + static_cast<int>(random() % 20));
        }
      }
    }
    auto face = generator.Prepare(pictures[0].view(), pictures[1].view());
    EXPECT_TRUE(face.ok()) << face.error().message();
    return std::move(face).value();
  }

  // Frame i of any batch: a face and a sound of its own.
  std::vector<Image> Generate(size_t count) {
    std::vector<Image> mouths;
    for (size_t i = 0; i < count; ++i) mouths.emplace_back(320, 320);
    std::vector<Generator::Job> jobs;
    for (size_t i = 0; i < count; ++i) {
      jobs.push_back({.face = faces_[i % faces_.size()].get(),
                      .audio = sounds_[i % sounds_.size()].As<float>(),
                      .mouth = mouths[i].view()});
    }
    const Status status = generator_->Generate(jobs);
    EXPECT_TRUE(status.ok()) << status.error().message();
    return mouths;
  }

  static int Difference(const Image& a, const Image& b) {
    int most = 0;
    for (size_t i = 0; i < size_t{3} * 320 * 320; ++i) {
      most = std::max(most, std::abs(int{a.view().data[i]} - int{b.view().data[i]}));
    }
    return most;
  }

  static constexpr int kSounds = 7;
  std::unique_ptr<Generator> generator_;
  std::vector<std::unique_ptr<Generator::Template>> faces_;
  std::vector<Tensor> sounds_;
};

TEST_F(CudaGeneratorTest, EveryBatchGivesEveryFrame) {
  std::vector<Image> alone;
  for (size_t i = 0; i < 70; ++i) {
    Image mouth(320, 320);
    const Generator::Job job = {
        .face = faces_[i % 5].get(), .audio = sounds_[i % kSounds].As<float>(), .mouth = mouth.view()};
    ASSERT_TRUE(generator_->Generate({&job, 1}).ok());
    alone.push_back(std::move(mouth));
  }
  EXPECT_GT(Difference(alone[0], alone[1]), 8) << "faces and sounds must matter";
  for (const size_t count : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 11u, 16u, 17u, 31u, 32u, 33u, 70u}) {
    const auto together = Generate(count);
    // Sums go in another order where kernels have other tiles.
    for (size_t i = 0; i < count; ++i) EXPECT_LE(Difference(alone[i], together[i]), 2) << i << " of " << count;
  }
}

TEST_F(CudaGeneratorTest, AThousandRunsGiveTheSameBits) {
  for (const size_t count : {1u, 4u}) {
    const auto first = Generate(count);
    for (int run = 0; run < 1000; ++run) {
      const auto again = Generate(count);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(Difference(first[i], again[i]), 0) << "run " << run;
    }
  }
}

TEST_F(CudaGeneratorTest, UsedPixelsAreTheSameWithoutTheOthers) {
  std::vector<uint8_t> used(320 * 320);
  for (size_t y = 150; y < 290; ++y) {
    for (size_t x = 70 + y / 10; x < 250; ++x) used[y * 320 + x] = 1;
  }
  const auto masked = Open(used);
  const auto face = Face(*masked, 2);
  Image mouth(320, 320), whole(320, 320);
  const Generator::Job job = {.face = face.get(), .audio = sounds_[0].As<float>(), .mouth = mouth.view()};
  ASSERT_TRUE(masked->Generate({&job, 1}).ok());
  const Generator::Job all = {.face = faces_[2].get(), .audio = sounds_[0].As<float>(), .mouth = whole.view()};
  ASSERT_TRUE(generator_->Generate({&all, 1}).ok());
  for (size_t i = 0; i < used.size(); ++i) {
    for (size_t c = 0; c < 3 && used[i] != 0; ++c) {
      ASSERT_EQ(mouth.view().data[3 * i + c], whole.view().data[3 * i + c]) << i;
    }
  }
}

TEST_F(CudaGeneratorTest, TemplatesArePreparedBesideFrames) {
  const auto expected = Generate(4);
  std::atomic<bool> stop{false};
  std::thread preparing([&] {
    std::unique_ptr<Generator::Template> face;
    while (!stop) face = Face(*generator_, 9);
  });
  for (int run = 0; run < 50; ++run) {
    const auto actual = Generate(4);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(Difference(expected[i], actual[i]), 0);
  }
  stop = true;
  preparing.join();
}

TEST_F(CudaGeneratorTest, SaysThatTheMemoryIsFullAndGoesOn) {
  const auto expected = Generate(1);
  std::vector<Memory> hoard;
  for (size_t bytes = size_t{1} << 36; bytes >= size_t{1} << 20;) {
    auto taken = Memory::OnDevice(bytes);
    if (taken.ok()) {
      hoard.push_back(std::move(taken).value());
    } else {
      bytes /= 2;
    }
  }
  Image black(320, 320);
  Result<std::unique_ptr<Generator::Template>> face = Error(ErrorCode::kIo, "none");
  std::vector<std::unique_ptr<Generator::Template>> kept;
  for (int i = 0; i < 64; ++i) {  // the last megabytes
    face = generator_->Prepare(black.view(), black.view());
    if (!face.ok()) break;
    kept.push_back(std::move(face).value());
  }
  ASSERT_FALSE(face.ok());
  EXPECT_EQ(face.error().code(), ErrorCode::kResourceLimit);
  EXPECT_THAT(face.error().message(), HasSubstr("memory is full"));
  const auto many = Generate(32);  // in smaller batches, as far as need be
  EXPECT_LE(Difference(expected[0], many[0]), 2);
  hoard.clear();
  EXPECT_TRUE(generator_->Prepare(black.view(), black.view()).ok());
  EXPECT_EQ(Difference(expected[0], Generate(1)[0]), 0);
}

TEST_F(CudaDeviceTest, TheEncoderIsTheReferences) {
  const Path model = Path(DEMO_ASSETS) / "audio_encoder.onnx";
  const auto graph = ReadOnnx(model);
  ASSERT_TRUE(graph.ok());
  const auto session = OpenCudaSession(graph.value(), {.backend = Backend::kCuda});
  ASSERT_TRUE(session.ok()) << session.error().message();
  const Tensor rows = RandomTensor({8, 1, 80, 16}, 5, -4, 4);
  std::vector<Tensor> all(1), one(1);
  const std::vector<TensorView> views = {rows};
  ASSERT_TRUE(session.value()->Run(views, all).ok());
  const auto expected = RunGraph(graph.value(), {&rows, 1}, {.backend = Backend::kReference});
  ASSERT_TRUE(expected.ok());
  EXPECT_LE(MaxAbsDifference(expected.value()[0], all[0]), 4e-3 * LargestOf(expected.value()[0]));
  for (int64_t row = 0; row < 8; ++row) {
    TensorView view = rows;
    view.dims[0] = 1;
    view.data += row * 1280 * 4;
    ASSERT_TRUE(session.value()->Run({&view, 1}, one).ok());
    EXPECT_EQ(std::memcmp(one[0].data(), all[0].data() + static_cast<size_t>(row) * one[0].bytes(), one[0].bytes()), 0)
        << "row " << row << " depends on the batch";
  }
}

// The process's device is lost with it, so in a process of its own.
TEST_F(CudaGeneratorTest, ALostDeviceIsAnErrorAndNoMore) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto lose = [this] {
    PlanesArgs args;
    args.planes.base = args.map.base = reinterpret_cast<uint8_t*>(uintptr_t{16});
    const Launch astray = {.args = args};
    static_cast<void>(Start(astray, nullptr));
    static_cast<void>(cudaDeviceSynchronize());
    Image mouth(320, 320);
    const Generator::Job job = {.face = faces_[0].get(), .audio = sounds_[0].As<float>(), .mouth = mouth.view()};
    const Status status = generator_->Generate({&job, 1});
    if (status.ok() || status.error().code() != ErrorCode::kIo) std::exit(1);
    const auto face = generator_->Prepare(mouth.view(), mouth.view());
    if (face.ok() || face.error().code() != ErrorCode::kIo) std::exit(2);
    std::fprintf(stderr, "%s", face.error().message().c_str());
    generator_.reset();
    std::exit(0);
  };
  EXPECT_EXIT(lose(), ::testing::ExitedWithCode(0), "the CUDA device failed while");
}

}  // namespace
}  // namespace lips::cuda
