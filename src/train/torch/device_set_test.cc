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
    DeviceSet device_set = DeviceSet::Load(set.value(), region, at::kCPU);
    EXPECT_FALSE(device_set.has_pictures());
    const Status taken = device_set.TakePictures(pool);
    ASSERT_TRUE(taken.ok()) << taken.error().message();
    const std::vector<int64_t> starts = {0, 7, 3, set.value().frames() - 4};
    for (const Rect& cells : {WholeFace(), Rect{2, 3, 5, 5}}) {
      const StagePlan plan = {.stage = Stage::kFace, .runs = 4, .run_frames = 4, .pictures = 2};
      Random random(1, 2);
      Random same(1, 2);
      const Batch expected = MakeBatch(set.value(), region, plan, cells, starts, false, random).value();
      const Batch got = device_set.MakeBatch(plan, cells, starts, false, same);
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

TEST_F(DeviceSetTest, PastesTheMouthsOfFramesThatLookAlikeFromAnotherMoment) {
  options_.packaged_features = true;
  const auto set = TrainingSet::Open(options_);
  ASSERT_TRUE(set.ok()) << set.error().message();
  EXPECT_TRUE(FindMouth(set.value()).value().alike.empty());
  const MouthRegion region = FindMouth(set.value(), true).value();
  ASSERT_EQ(std::ssize(region.alike), set.value().frames() * kAlike);
  const int64_t learned = set.value().frames() - 5;
  for (int64_t frame = 0; frame < set.value().frames(); ++frame) {
    const int64_t before = std::max<int64_t>(0, frame - 12), after = std::max<int64_t>(0, learned - 13 - frame);
    for (int64_t k = 0; k < kAlike; ++k) {
      const int64_t other = region.AlikeOf(frame)[static_cast<size_t>(k)];
      EXPECT_FALSE(set.value().held_out(other)) << frame;
      if (k < before + after) {
        EXPECT_GT(std::abs(other - frame), 12) << "there are others";
      }
    }
  }
}

// The test's person changes a little from frame to frame, so that the nearest frames look most alike.
TEST_F(DeviceSetTest, PastesFromTheFramesThatLookMostAlike) {
  const Path package = folder_ / "longer";
  TestPerson person;
  person.frames = 60;
  TestPackage(package, person).LayoutA();
  ASSERT_TRUE(WriteNpy(package / "aud_ave.npy", Waves({59, 512})).ok());
  options_.avatar = package;
  options_.packaged_features = true;
  const auto set = TrainingSet::Open(options_);
  ASSERT_TRUE(set.ok()) << set.error().message();
  const MouthRegion region = FindMouth(set.value(), true).value();
  for (const int64_t frame : {int64_t{0}, int64_t{50}}) {
    for (const int64_t other : region.AlikeOf(frame)) {
      EXPECT_GT(std::abs(other - frame), 12) << frame;
      EXPECT_LT(std::abs(other - frame), 13 + kAlike + 3) << frame << ": nearer ones look more alike";
    }
  }
}

// The rows of the test's package vary by a sine's deviation, half of the root of two.
TEST_F(DeviceSetTest, VariesGivenRowsByAShareOfTheirOwnDeviation) {
  options_.packaged_features = true;
  for (const double share : {0.0, 0.8}) {
    options_.row_noise = share;
    const auto set = TrainingSet::Open(options_);
    ASSERT_TRUE(set.ok()) << set.error().message();
    const MouthRegion region = FindMouth(set.value()).value();
    const DeviceSet device_set = DeviceSet::Load(set.value(), region, at::kCPU);
    const StagePlan plan = {.stage = Stage::kFace, .runs = 3, .run_frames = 4, .pictures = 0};
    const std::vector<int64_t> starts = {9, 10, 12};  // all of whose rows there are
    Random random(1, 2);
    const at::Tensor plain = MakeBatch(set.value(), region, plan, WholeFace(), starts, false, random).value().inputs;
    const at::Tensor by_files = MakeBatch(set.value(), region, plan, WholeFace(), starts, true, random).value().inputs;
    const at::Tensor on_device = device_set.MakeBatch(plan, WholeFace(), starts, true, random).inputs;
    const double expected = share * 0.5 * std::sqrt(0.5);
    EXPECT_NEAR((by_files - plain).std().item<double>(), expected, 0.02) << share;
    EXPECT_NEAR((on_device - plain).std().item<double>(), expected, 0.02) << share;
    EXPECT_NEAR((by_files - plain).mean().item<double>(), 0, 0.02) << share;
  }
}

TEST_F(DeviceSetTest, VariesTheSoundAsMuchAsTheProcessorDoes) {
  options_.more_sound = folder_ / "more";
  const auto set = TrainingSet::Open(options_);
  ASSERT_TRUE(set.ok()) << set.error().message();
  const MouthRegion region = FindMouth(set.value()).value();
  const DeviceSet device_set = DeviceSet::Load(set.value(), region, at::kCPU);
  Random random(1);
  Random other(1);
  const Batch by_files = MakeMoreBatch(set.value(), 200, 16, random);
  const Batch got = device_set.MakeMoreBatch(200, 16, other);
  EXPECT_EQ(got.inputs.sizes(), by_files.inputs.sizes());
  EXPECT_EQ(got.mouth.sizes(), by_files.mouth.sizes());
  EXPECT_NEAR(got.inputs.mean().item<double>(), by_files.inputs.mean().item<double>(), 0.12);
  EXPECT_NEAR(got.inputs.std().item<double>(), by_files.inputs.std().item<double>(), 0.12);
  EXPECT_LE(got.inputs.abs().max().item<double>(), 4);
  const Batch next = device_set.MakeMoreBatch(200, 16, other);
  EXPECT_GT((next.inputs - got.inputs).abs().mean().item<double>(), 0.1);
}

}  // namespace
}  // namespace lips
