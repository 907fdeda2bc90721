// Whole training runs, tiny: only in builds with LIPSTREAM_TRAIN.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/stats.h"
#include "base/stop.h"
#include "engine/session.h"
#include "model/binding.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "tensor/npy.h"
#include "tests/testdata/synthetic_avatar.h"
#include "train/sound.h"
#include "train/tensor_file.h"
#include "train/train.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

class TrainRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    const Path package = folder_ / "package";
    std::filesystem::copy(testdata::SyntheticAvatar(), package, std::filesystem::copy_options::recursive);
    std::filesystem::copy_file(testdata::SyntheticSpeech(), package / "aud.wav",
                               std::filesystem::copy_options::overwrite_existing);
    Tensor mouth(DType::kF32, {30, 6});
    for (size_t i = 0; i < 180; ++i) mouth.As<float>()[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.3 * double(i)));
    ASSERT_TRUE(WriteNpy(package / "mouth.npy", mouth).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A few steps on one worker; every stage comes up.
  TrainRequest Request(const char* output) const {
    TrainRequest request;
    request.avatar = folder_ / "package";
    request.output = folder_ / output;
    request.steps = 8;
    request.held_out = 4;
    request.threads = 1;
    request.device = "cpu";
    request.precision = "f32";
    return request;
  }
  Path At(const char* output, const char* file) const { return folder_ / output / file; }

  Path folder_ = Path(::testing::TempDir()) /
                 (std::string("train_run_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
                  std::to_string(::getpid()));
};

TEST_F(TrainRunTest, WritesNetworksOfTheFamilyAndAReport) {
  const auto report = Train(Request("run"));
  ASSERT_TRUE(report.ok()) << report.error().message();
  const auto generator = ReadOnnx(At("run", "generator.onnx"));
  ASSERT_TRUE(generator.ok()) << generator.error().message();
  EXPECT_EQ(BindGenerator(generator.value()).value().size_px, 320);
  const auto encoder = ReadOnnx(At("run", "audio_encoder.onnx"));
  ASSERT_TRUE(encoder.ok()) << encoder.error().message();
  EXPECT_TRUE(BindEncoder(encoder.value()).ok());
  for (const char* file : {"generator.pth", "audio_encoder.pth", "report.json", "curves.csv", "curves.svg",
                           "preview.png", "checkpoint.bin"}) {
    EXPECT_TRUE(std::filesystem::exists(At("run", file))) << file;
  }
  EXPECT_EQ(report.value().json.Find("steps")->as_int(), 8);
  const auto db = [&](const char* how, const char* what, const char* where) {
    return report.value().json.Find(how)->Find(what)->Find(where)->as_double();
  };
  EXPECT_LT(db("held_out_db", "reference", "mouth"), 60);
  EXPECT_GT(db("held_out_db_in_use", "right_sound", "face"), 5);
}

TEST_F(TrainRunTest, TheSameSeedGivesTheSameBytesAndAnotherOneOthers) {
  ASSERT_TRUE(Train(Request("a")).ok());
  ASSERT_TRUE(Train(Request("b")).ok());
  TrainRequest other = Request("c");
  other.seed = 2;
  ASSERT_TRUE(Train(other).ok());
  EXPECT_EQ(ReadFile(At("a", "generator.onnx")).value(), ReadFile(At("b", "generator.onnx")).value());
  EXPECT_NE(ReadFile(At("a", "generator.onnx")).value(), ReadFile(At("c", "generator.onnx")).value());
}

// Killed ten times without warning, whenever it may be: while faces are cached, while a step is computed, while a
// checkpoint is written. Continued, it ends with the same weights to the bit, since every random number is a function
// of seed and step.
TEST_F(TrainRunTest, KilledAtAnyMomentAndContinuedEndsAsIfNothingHadHappened) {
  TrainRequest request = Request("killed");
  request.checkpoint_every_s = 1e-3;  // after every step
  const Stopwatch watch;
  ASSERT_TRUE(Train(Request("whole")).ok());
  const auto whole_us = static_cast<unsigned>(watch.ElapsedMs() * 1000);
  std::mt19937 rng(11);
  const auto has_checkpoint = [this] { return HasCheckpoint(At("killed", "checkpoint.bin")); };
  for (int killed = 0; killed < 10 || (!has_checkpoint() && killed < 50);) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const bool done = Train(request).ok();
      ::_exit(done ? 0 : 1);
    }
    ::usleep(std::uniform_int_distribution<unsigned>(1'000, whole_us)(rng));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0) << "what a killed run leaves can be continued";
      break;  // a fast machine: it was done
    }
    ++killed;
  }
  ASSERT_TRUE(has_checkpoint());
  const auto continued = Train(request);
  ASSERT_TRUE(continued.ok()) << continued.error().message();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "killed")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp.")) << entry.path();
  }
  EXPECT_EQ(ReadFile(At("killed", "generator.onnx")).value(), ReadFile(At("whole", "generator.onnx")).value());
  EXPECT_EQ(ReadFile(At("killed", "audio_encoder.onnx")).value(), ReadFile(At("whole", "audio_encoder.onnx")).value());
}

TEST_F(TrainRunTest, BeginsWithTheWeightsOfAnotherRunAndHearsMore) {
  ASSERT_TRUE(Train(Request("first")).ok());
  const Path more = folder_ / "more";
  std::filesystem::create_directories(more);
  std::filesystem::copy_file(testdata::SyntheticSpeech(), more / "aud.wav");
  const int64_t rows = Sound::Open(more / "aud.wav").value().rows();
  ASSERT_TRUE(WriteNpy(more / "mouth.npy", Tensor(DType::kF32, {rows, 6})).ok());
  TrainRequest request = Request("second");
  request.more_sound = more;
  request.from = folder_ / "first";
  request.learning_rate = 1e-12;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().json.Find("steps")->as_int(), 8) << "its own steps";
  // With next to no learning, what begins as the first run's weights stays them.
  const auto was = ReadCheckpoint(At("first", "checkpoint.bin"));
  const auto is = ReadCheckpoint(At("second", "checkpoint.bin"));
  ASSERT_TRUE(was.ok() && is.ok());
  const std::vector<float>& before = was.value().arrays.at("average_parameters");
  const std::vector<float>& after = is.value().arrays.at("parameters");
  ASSERT_EQ(before.size(), after.size());
  for (size_t k = 0; k < before.size(); ++k) ASSERT_NEAR(before[k], after[k], 1e-6) << k;

  request.output = folder_ / "third";
  request.from = folder_ / "nowhere";
  EXPECT_EQ(Train(request).error().code(), ErrorCode::kIo);
}

TEST_F(TrainRunTest, LearnsAnotherAudioEncoderBesideWhatItTakesOver) {
  ASSERT_TRUE(Train(Request("first")).ok());
  TrainRequest request = Request("second");
  request.from = folder_ / "first";
  request.encoder_width = "medium";
  request.sound_share = 1;  // nothing is drawn
  request.learning_rate = 1e-12;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  const StateDict before = ReadPth(FilePart::Open(At("first", "generator.pth")).value()).value();
  const StateDict after = ReadPth(FilePart::Open(At("second", "generator.pth")).value()).value();
  ASSERT_EQ(before.size(), after.size());
  for (const auto& [name, tensor] : before) {
    if (!name.ends_with("weight")) continue;
    const auto was = tensor.As<float>(), is = after.find(name)->second.As<float>();
    ASSERT_EQ(was.size(), is.size()) << name;
    for (size_t k = 0; k < was.size(); ++k) ASSERT_NEAR(was[k], is[k], 1e-6) << name;
  }
  const auto floats = [this](const char* output) {
    int64_t count = 0;
    const StateDict state = ReadPth(FilePart::Open(At(output, "audio_encoder.pth")).value()).value();
    for (const auto& [name, tensor] : state) count += ElementCount(tensor.dims()).value();
    return count;
  };
  EXPECT_GT(floats("second"), 1.5 * static_cast<double>(floats("first")));
  // Continued it ends as if it had not been interrupted.
  request.learning_rate = 1e-3;
  request.output = folder_ / "whole";
  ASSERT_TRUE(Train(request).ok());
  request.output = folder_ / "continued";
  StopFlag stop;
  request.stop = &stop;
  request.progress = [&stop](const std::string& line) {
    if (line.find(" workers, ") != std::string::npos) stop.Raise();  // after the first step
  };
  EXPECT_EQ(Train(request).error().code(), ErrorCode::kCancelled);
  request.stop = nullptr;
  ASSERT_TRUE(Train(request).ok());
  EXPECT_EQ(ReadFile(At("whole", "audio_encoder.pth")).value(), ReadFile(At("continued", "audio_encoder.pth")).value());
  request = Request("third");
  request.from = folder_ / "first";
  request.width = "half";
  EXPECT_THAT(Train(request).error().message(), HasSubstr("another shape"));
}

// A person with a video alone, after the demo's: no mouths are known.
TEST_F(TrainRunTest, TakesOverARunWithMouthParametersWhereThereAreNone) {
  ASSERT_TRUE(Train(Request("first")).ok());
  std::filesystem::remove(folder_ / "package" / "mouth.npy");
  TrainRequest request = Request("second");
  request.from = folder_ / "first";
  request.steps = 1;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  request = Request("third");
  request.sound_share = 0.3;
  EXPECT_THAT(Train(request).error().message(), HasSubstr("mouth.npy"));
  request.sound_share = 0.7;
  EXPECT_THAT(Train(request).error().message(), HasSubstr("0.6"));
}

TEST_F(TrainRunTest, BeginsWithAGeneratorAsPyTorchSavesIt) {
  ASSERT_TRUE(Train(Request("first")).ok());
  TrainRequest request = Request("second");
  request.from = At("first", "generator.pth");
  request.learning_rate = 1e-12;
  request.steps = 1;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  const StateDict before = ReadPth(FilePart::Open(At("first", "generator.pth")).value()).value();
  const StateDict after = ReadPth(FilePart::Open(At("second", "generator.pth")).value()).value();
  for (const auto& [name, tensor] : before) {
    if (tensor.dtype() != DType::kF32) continue;
    const auto was = tensor.As<float>(), is = after.find(name)->second.As<float>();
    // Statistics follow what the step's pictures show.
    if (name.find("running") != std::string::npos) continue;
    for (size_t k = 0; k < was.size(); ++k) ASSERT_NEAR(was[k], is[k], 1e-6) << name;
  }
  request = Request("third");
  request.width = "half";
  request.from = At("first", "generator.pth");
  EXPECT_THAT(Train(request).error().message(), HasSubstr("another width"));
  request.from = At("first", "report.json");
  EXPECT_FALSE(Train(request).ok());
}

TEST_F(TrainRunTest, KeepsWhatHearsWhereOnlyDrawingIsToBeLearned) {
  ASSERT_TRUE(Train(Request("first")).ok());
  TrainRequest request = Request("second");
  request.keep_hearing = true;
  EXPECT_THAT(Train(request).error().message(), HasSubstr("--from"));
  request.from = folder_ / "first";
  request.encoder_width = "medium";
  EXPECT_THAT(Train(request).error().message(), HasSubstr("--encoder-width"));
  request.encoder_width = "slim";
  request.sound_share = 0.3;
  EXPECT_THAT(Train(request).error().message(), HasSubstr("--sound-share"));
  request.sound_share = 0;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(ReadFile(At("first", "audio_encoder.onnx")).value(), ReadFile(At("second", "audio_encoder.onnx")).value());
  const StateDict before = ReadPth(FilePart::Open(At("first", "generator.pth")).value()).value();
  const StateDict after = ReadPth(FilePart::Open(At("second", "generator.pth")).value()).value();
  int same = 0, changed = 0;
  for (const auto& [name, tensor] : before) {
    if (!name.ends_with("weight")) continue;
    const auto was = tensor.As<float>(), is = after.find(name)->second.As<float>();
    const bool hears = name.starts_with("audio_model.");
    EXPECT_EQ(std::ranges::equal(was, is), hears) << name;
    (hears ? same : changed) += 1;
  }
  EXPECT_GT(same, 10);
  EXPECT_GT(changed, 50);
}

// What a GPU does, on the CPU: everything in its memory, batches several times as large.
TEST_F(TrainRunTest, LearnsFromWhatLiesInTheDevicesMemoryToo) {
  const Path more = folder_ / "more";
  std::filesystem::create_directories(more);
  std::filesystem::copy_file(testdata::SyntheticSpeech(), more / "aud.wav");
  const int64_t rows = Sound::Open(more / "aud.wav").value().rows();
  ASSERT_TRUE(WriteNpy(more / "mouth.npy", Tensor(DType::kF32, {rows, 6})).ok());
  TrainRequest request = Request("resident");
  request.resident = true;
  request.batch = 2;
  request.more_sound = more;
  const auto report = Train(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().json.Find("batch")->as_int(), 2);
  EXPECT_EQ(report.value().json.Find("steps")->as_int(), 8);
  EXPECT_GT(report.value().json.Find("held_out_db")->Find("right_sound")->Find("face")->as_double(), 10);
}

TEST_F(TrainRunTest, RefusesToContinueANetworkOfAnotherWidth) {
  ASSERT_TRUE(Train(Request("run")).ok());
  TrainRequest wider = Request("run");
  wider.width = "half";
  wider.steps = 20;
  EXPECT_THAT(Train(wider).error().message(), HasSubstr("another shape"));
}

TEST_F(TrainRunTest, SaysWhenItDivergesAndKeepsTheLastWeights) {
  TrainRequest request = Request("run");
  request.learning_rate = 1e30;
  const auto report = Train(request);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kCorrupted);
  EXPECT_THAT(report.error().message(), HasSubstr("--learning-rate"));
}

}  // namespace
}  // namespace lips
