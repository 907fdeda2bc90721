#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "avatar/avatar.h"
#include "demo/template_package.h"
#include "demo/training_set.h"
#include "media/speech.h"
#include "media/video_reader.h"
#include "media/wav_writer.h"
#include "tensor/npy.h"

namespace lips::demo {
namespace {

using ::testing::HasSubstr;

class DemoFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("demo_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "speech");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Half a second of a tone, with these phones.
  void Say(const std::string& name, std::string_view phones, int samples = 8123) {
    auto wav = WavWriter::Create(folder_ / "speech" / (name + ".wav"), 16000);
    ASSERT_TRUE(wav.ok());
    std::vector<float> tone(static_cast<size_t>(samples));
    for (size_t i = 0; i < tone.size(); ++i) tone[i] = 0.5F * std::sin(0.05F * static_cast<float>(i));
    ASSERT_TRUE(wav.value().Write(tone).ok());
    ASSERT_TRUE(wav.value().Finish().ok());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "speech" / (name + ".phones"), phones).ok());
  }
  TrainingSetRequest SmallSet() const {
    TrainingSetRequest request;
    request.speech = folder_ / "speech";
    request.folder = folder_ / "set";
    request.width = 480;
    request.height = 270;
    return request;
  }
  std::string TrainingError() {
    const auto set = WriteTrainingSet(SmallSet());
    return set.ok() ? "no error" : set.error().message();
  }

  Path folder_;
};

TEST_F(DemoFolder, TemplateIsASoundPackageButForItsNetworks) {
  // An empty folder of weights would be an error, so the default's outcome depends on the source tree; both are fine.
  TemplateRequest request;
  request.folder = folder_ / "person";
  request.seconds = 1;
  request.width = 480;
  request.height = 270;
  const auto report = WriteTemplatePackage(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().frames, 25);
  const auto avatar = Avatar::Open(request.folder, {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_EQ(avatar.value().layout(), AvatarLayout::kPackage2);
  EXPECT_EQ(avatar.value().video().frames, 25);
  EXPECT_EQ(avatar.value().rects().size(), 25U);
  const auto check = CheckAvatar(request.folder, {});
  ASSERT_TRUE(check.ok());
  for (const AvatarCheck::Item& item : check.value().items) {
    const bool network = item.what == "generator" || item.what == "audio encoder";
    EXPECT_TRUE(item.ok || (network && report.value().weights.empty())) << item.what << ": " << item.found;
  }
}

TEST_F(DemoFolder, RefusesWhatCannotBeDrawn) {
  const auto message = [&](double seconds, int width, int height, const char* weights = nullptr) {
    TemplateRequest request;
    request.folder = folder_ / "person";
    request.seconds = seconds;
    request.width = width;
    request.height = height;
    if (weights != nullptr) request.weights = folder_ / weights;
    const auto report = WriteTemplatePackage(request);
    return report.ok() ? "no error" : report.error().message();
  };
  EXPECT_THAT(message(0, 480, 270), HasSubstr("0.2 to 3600 seconds"));
  EXPECT_THAT(message(NAN, 480, 270), HasSubstr("0.2 to 3600 seconds"));
  EXPECT_THAT(message(1, 481, 270), HasSubstr("481x270"));
  EXPECT_THAT(message(1, 100000, 270), HasSubstr("100000x270"));
  EXPECT_THAT(message(1, 270, 480), HasSubstr("not higher than wide"));
  EXPECT_THAT(message(1, 480, 270, "speech"), HasSubstr("no generator.onnx"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "person"));
}

TEST_F(DemoFolder, SoundAloneHasNoPicturesAndNothingHeldOut) {
  Say("a", "pau 0.1\naa 0.3\nm 0.45");
  Say("heldout_0", "pau:0.1 s:0.3 uw:0.5");
  TrainingSetRequest request = SmallSet();
  request.sound_only = true;
  const auto report = WriteTrainingSet(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().sentences, 1);
  EXPECT_EQ(report.value().held_out_frames, 0);
  const auto mouths = ReadNpy(request.folder / "mouth.npy");
  ASSERT_TRUE(mouths.ok());
  EXPECT_EQ(mouths.value().dims(), (Dims{report.value().frames, 6}));
  const auto speech = ReadSpeech(request.folder / "aud.wav");
  ASSERT_TRUE(speech.ok());
  EXPECT_EQ(std::ssize(speech.value().samples_16k), report.value().frames * 640);
  for (const char* file : {"full_body_video.mp4", "resting_rois_320_video.mp4", "heldout.txt"}) {
    EXPECT_FALSE(std::filesystem::exists(request.folder / file)) << file;
  }
}

TEST_F(DemoFolder, TrainingSetsPartsAreEquallyLong) {
  Say("a", "pau 0.1\naa 0.3\nm 0.45");
  Say("heldout_0", "pau:0.1 s:0.3 uw:0.5");  // sorts last although it was asked for by name order
  Say("z", "f 0.4", 6400);
  const auto report = WriteTrainingSet(SmallSet());
  ASSERT_TRUE(report.ok()) << report.error().message();
  const int64_t frames = report.value().frames;
  EXPECT_EQ(report.value().sentences, 3);
  EXPECT_GE(report.value().held_out_frames, 13 + 12);
  EXPECT_LT(report.value().held_out_frames, frames / 2);

  for (const auto& [name, size] :
       {std::pair("full_body_video.mp4", 328), std::pair("resting_rois_320_video.mp4", 320)}) {
    const auto video = VideoReader::Open(folder_ / "set" / name);
    ASSERT_TRUE(video.ok());
    EXPECT_EQ(video.value().info().frames, frames) << name;
    EXPECT_EQ(video.value().info().width, size);
  }
  const auto mouths = ReadNpy(folder_ / "set/mouth.npy");
  ASSERT_TRUE(mouths.ok());
  EXPECT_EQ(mouths.value().dims(), (Dims{frames, 6}));
  const auto speech = ReadSpeech(folder_ / "set/aud.wav");
  ASSERT_TRUE(speech.ok());
  EXPECT_EQ(std::ssize(speech.value().samples_16k), frames * 640);
  const auto avatar = Avatar::Open(folder_ / "set", {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  EXPECT_EQ(std::ssize(avatar.value().rects()), frames);
  const auto held_out = ReadTextFile(folder_ / "set/heldout.txt");
  ASSERT_TRUE(held_out.ok());
  EXPECT_THAT(held_out.value(), HasSubstr("\n" + std::to_string(frames - report.value().held_out_frames) + " " +
                                          std::to_string(report.value().held_out_frames) + "\n"));
}

TEST_F(DemoFolder, TrainingSetSaysWhatIsWrongWithTheSpeech) {
  EXPECT_THAT(TrainingError(), HasSubstr("no NAME.wav"));
  Say("a", "aa 0.3");
  Say("b", "aa 30");
  EXPECT_THAT(TrainingError(), HasSubstr("b.phones' ends at 30"));
  Say("b", "aa 0.3\nx 0.4");
  EXPECT_THAT(TrainingError(), HasSubstr("b.phones': line 2: unknown phone 'x'"));
  std::filesystem::remove(folder_ / "speech/b.phones");
  EXPECT_THAT(TrainingError(), HasSubstr("has no 'b.phones' beside it"));
}

}  // namespace
}  // namespace lips::demo
