#include "train/torch/device_set.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <filesystem>

#include "avatar/test_package.h"
#include "media/wav_writer.h"
#include "tensor/npy.h"

namespace lips {
namespace {

constexpr int kFrames = 30;

// Somewhat like speech: a hum that comes and goes.
void WriteSound(const Path& path) {
  std::vector<float> samples(16000 * 8);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / 16000;
    samples[i] = static_cast<float>(0.3 * std::sin(900 * t) * std::sin(7 * t) + 0.05 * std::sin(9000 * t));
  }
  auto file = WavWriter::Create(path, 16000);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file.value().Write(samples).ok());
  ASSERT_TRUE(file.value().Finish().ok());
}

Tensor Waves(const Dims& dims) {
  Tensor waves(DType::kF32, dims);
  for (size_t i = 0; i < waves.As<float>().size(); ++i) {
    waves.As<float>()[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.3 * double(i)));
  }
  return waves;
}

// A package with sound, feature rows and mouths, and sound that is only heard.
class DeviceSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Path package = folder_ / "package";
    TestPerson person;
    person.frames = kFrames;
    TestPackage(package, person).LayoutA();
    WriteSound(package / "aud.wav");
    ASSERT_TRUE(WriteNpy(package / "aud_ave.npy", Waves({kFrames - 1, 512})).ok());
    ASSERT_TRUE(WriteNpy(package / "mouth.npy", Waves({kFrames, 6})).ok());
    std::filesystem::create_directories(folder_ / "more");
    WriteSound(folder_ / "more" / "aud.wav");
    ASSERT_TRUE(WriteNpy(folder_ / "more" / "mouth.npy", Waves({198, 6})).ok());
    options_.avatar = package;
    options_.cache = folder_;
    options_.held_out = 5;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  TrainingSetOptions options_;
  Path folder_ = TestFolder("device_set");
};

void ExpectSame(const at::Tensor& a, const at::Tensor& b, const char* what) {
  ASSERT_EQ(a.defined(), b.defined()) << what;
  if (!a.defined()) return;
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  EXPECT_LT((a - b).abs().max().item<double>(), 1e-6) << what;
}

// Runs across the beginning and the end of the sound, too, where rows are missing.
TEST_F(DeviceSetTest, MakesTheBatchesThatAreMadeOfFiles) {
  for (const bool given : {false, true}) {
    const bool pasted = given;
    options_.packaged_features = given;
    const auto set = TrainingSet::Open(options_);
    ASSERT_TRUE(set.ok()) << set.error().message();
    const MouthRegion region = FindMouth(set.value(), pasted).value();
    ThreadPool pool(2);
    const auto device_set = DeviceSet::Load(set.value(), region, at::kCPU, pool);
    ASSERT_TRUE(device_set.ok()) << device_set.error().message();
    const std::vector<int64_t> starts = {0, 7, 3, set.value().frames() - 4};
    for (const Rect& cells : {WholeFace(), Rect{2, 3, 5, 5}}) {
      const StagePlan plan = {.stage = Stage::kFace, .runs = 4, .run_frames = 4, .pictures = 2};
      Random random(1, 2);
      Random same(1, 2);
      const Batch expected = MakeBatch(set.value(), region, plan, cells, starts, false, random).value();
      const Batch got = device_set.value().MakeBatch(plan, cells, starts, false, same);
      ExpectSame(got.inputs, expected.inputs, "inputs");
      ExpectSame(got.known, expected.known, "known");
      ExpectSame(got.mouth, expected.mouth, "mouth");
      ExpectSame(got.weight, expected.weight, "weight");
      EXPECT_EQ(got.drawn.size(0), 8);
      EXPECT_EQ(got.image.sizes(), expected.image.sizes());
      // References are other frames at random, so that later pictures may be others; the first is the same.
      ExpectSame(got.target[0], expected.target[0], "target");
      ExpectSame(got.image[0].narrow(0, 3, 3), expected.image[0].narrow(0, 3, 3), "what is shown of it");
      const at::Tensor copied = (got.image[0].narrow(0, 0, 3) - got.target[0]).abs();
      if (cells.height == kCells) {
        EXPECT_EQ(copied.narrow(1, 0, 8).max().item<double>() == 0, pasted)
            << "a reference is another frame, or the same one but for the mouth";
      }
      EXPECT_GT(copied.max().item<double>(), 0);
    }
  }
}

TEST_F(DeviceSetTest, VariesTheSoundAsMuchAsTheProcessorDoes) {
  options_.more_sound = folder_ / "more";
  const auto set = TrainingSet::Open(options_);
  ASSERT_TRUE(set.ok()) << set.error().message();
  const MouthRegion region = FindMouth(set.value()).value();
  ThreadPool pool(1);
  const auto device_set = DeviceSet::Load(set.value(), region, at::kCPU, pool);
  ASSERT_TRUE(device_set.ok()) << device_set.error().message();
  Random random(1);
  Random other(1);
  const Batch by_files = MakeMoreBatch(set.value(), 200, 16, random);
  const Batch got = device_set.value().MakeMoreBatch(200, 16, other);
  EXPECT_EQ(got.inputs.sizes(), by_files.inputs.sizes());
  EXPECT_EQ(got.mouth.sizes(), by_files.mouth.sizes());
  EXPECT_NEAR(got.inputs.mean().item<double>(), by_files.inputs.mean().item<double>(), 0.12);
  EXPECT_NEAR(got.inputs.std().item<double>(), by_files.inputs.std().item<double>(), 0.12);
  EXPECT_LE(got.inputs.abs().max().item<double>(), 4);
  const Batch next = device_set.value().MakeMoreBatch(200, 16, other);
  EXPECT_GT((next.inputs - got.inputs).abs().mean().item<double>(), 0.1);
}

}  // namespace
}  // namespace lips
