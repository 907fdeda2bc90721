// The commands beside render: what they write is what they promise, to the bit where that is the promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "avatar/avatar.h"
#include "base/json.h"
#include "command.h"
#include "media/picture.h"
#include "tensor/npy.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::vector<float> ReadFloats(const Path& path) {
  const auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes.ok()) << path;
  std::vector<float> values(bytes.ok() ? bytes.value().size() / sizeof(float) : 0);
  if (!values.empty()) std::memcpy(values.data(), bytes.value().data(), values.size() * sizeof(float));
  return values;
}

std::string Anna() { return testdata::SyntheticAvatar().string(); }
std::string Speech() { return testdata::SyntheticSpeech().string(); }

TEST(Export, TensorsAreTheDecodedPicturesDividedBy255ToTheBit) {
  const ScratchFolder folder;
  const Path out = folder / "tensors";
  const Outcome outcome = Lipstream({"export", "--avatar", Anna(), "--audio", Speech(), "-o", out.string(), "--start",
                                     "27", "--frames", "5", "--npy"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::vector<float> visual = ReadFloats(out / "visual_input.bin");
  constexpr size_t kSide = 320;
  constexpr size_t kPlane = kSide * kSide;
  ASSERT_EQ(visual.size(), 5 * 6 * kPlane);

  // Template of 30 frames, played back and forth: output frames 27 .. 31 show 27 28 29 28 27.
  const auto avatar = Avatar::Open(testdata::SyntheticAvatar(), {});
  ASSERT_TRUE(avatar.ok());
  const auto templates = avatar.value().OpenTemplates();
  ASSERT_TRUE(templates.ok());
  const int64_t expected[] = {27, 28, 29, 28, 27};
  TemplateFace face;
  for (size_t n = 0; n < 5; ++n) {
    ASSERT_TRUE(templates.value()->Read(expected[n], face).ok());
    for (const bool masked : {false, true}) {
      const ConstImageView picture = std::as_const(masked ? face.inputs.masked : face.inputs.roi).view();
      const float* planes = visual.data() + (6 * n + (masked ? 3 : 0)) * kPlane;
      for (size_t i = 0; i < 3 * kPlane; ++i) {
        const auto channel = i / kPlane;
        const auto y = static_cast<int>(i % kPlane / kSide);
        const auto x = i % kSide;
        ASSERT_EQ(planes[i], static_cast<float>(picture.Row(y)[3 * x + channel]) / 255.0F)
            << "frame " << n << (masked ? " masked" : " roi") << " at " << x << ',' << y << ',' << channel;
      }
    }
  }
  const Json metadata = ReadJson(out / "metadata.json");
  EXPECT_EQ(metadata.Find("num_frames")->as_int(), 5);
  EXPECT_EQ(metadata.Find("start_frame")->as_int(), 27);
  EXPECT_EQ(metadata.Find("visual_shape")->Dump(true), "[5,6,320,320]");
  EXPECT_EQ(metadata.Find("audio_shape")->Dump(true), "[5,32,16,16]");
  EXPECT_EQ(metadata.Find("format")->as_string(), "BGR");
  const auto roi = ReadNpy(out / "roi.npy");
  ASSERT_TRUE(roi.ok());
  EXPECT_EQ(roi.value().dims(), (Dims{5, 3, 320, 320}));
  EXPECT_EQ(roi.value().As<float>()[7], visual[7]);
}

// What export calls the audio input is what features calls a window.
TEST(Export, TheAudioTensorIsTheWindowOfTheSameFrame) {
  const ScratchFolder folder;
  ASSERT_EQ(Lipstream({"export", "--avatar", Anna(), "--audio", Speech(), "-o", (folder / "t").string(), "--start",
                       "40", "--frames", "2"})
                .exit_code,
            0);
  ASSERT_EQ(
      Lipstream({"features", Speech(), "--avatar", Anna(), "--stage", "window", "-o", (folder / "w.npy").string()})
          .exit_code,
      0);
  const std::vector<float> audio = ReadFloats(folder / "t/audio_input.bin");
  const auto windows = ReadNpy(folder / "w.npy");
  ASSERT_TRUE(windows.ok());
  ASSERT_EQ(windows.value().dims(), (Dims{199, 32, 16, 16}));
  ASSERT_EQ(audio.size(), 2U * 8192U);
  const auto expected = windows.value().As<float>().subspan(size_t{40} * 8192, audio.size());
  EXPECT_TRUE(std::ranges::equal(audio, expected));
}

TEST(Export, ARangeOutsideTheAudioIsRefused) {
  const ScratchFolder folder;
  const Outcome outcome = Lipstream({"export", "--avatar", Anna(), "--audio", Speech(), "-o", (folder / "t").string(),
                                     "--start", "198", "--frames", "2"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("2 frames from 198 on lie outside the 199 frames this audio gives"));
}

TEST(Features, EveryStageHasItsShape) {
  const ScratchFolder folder;
  const Path out = folder / "f.npy";
  ASSERT_EQ(Lipstream({"features", Speech(), "--stage", "mel", "-o", out.string()}).exit_code, 0);
  EXPECT_EQ(ReadNpy(out).value().dims(), (Dims{641, 80}));
  ASSERT_EQ(Lipstream({"features", Speech(), "--avatar", Anna(), "-o", out.string()}).exit_code, 0);
  EXPECT_EQ(ReadNpy(out).value().dims(), (Dims{199, 512}));
  const Outcome without = Lipstream({"features", Speech(), "-o", out.string()});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.err, HasSubstr("needs an audio encoder"));
}

TEST(Frame, WritesEveryIntermediate) {
  const ScratchFolder folder;
  const Path out = folder / "frame";
  const Outcome outcome =
      Lipstream({"frame", "--avatar", Anna(), "--audio", Speech(), "--at", "60", "-o", out.string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* name :
       {"1_template.png", "2_crop.png", "3_roi.png", "4_masked.png", "7_mouth.png", "8_canvas.png", "9_frame.png"}) {
    EXPECT_TRUE(ReadPicture(out / name).ok()) << name;
  }
  EXPECT_EQ(ReadNpy(out / "6_input.npy").value().dims(), (Dims{1, 6, 320, 320}));
  EXPECT_EQ(ReadNpy(out / "5_window.npy").value().size(), 8192);
  EXPECT_EQ(ReadJson(out / "frame.json").Find("template_frame")->as_int(), 2);  // 60 = 58 + 2 in a triangle of 58
}

TEST(AvatarCommands, ASoundPackagePassesAndAFaultIsNamedWithExitCodeThree) {
  const Outcome sound = Lipstream({"avatar", "check", Anna()});
  EXPECT_EQ(sound.exit_code, 0) << sound.out << sound.err;
  const Outcome info = Lipstream({"avatar", "info", Anna(), "--json"});
  const auto json = ParseJson(info.out);
  ASSERT_TRUE(json.ok()) << info.out;
  EXPECT_EQ(json.value().Find("frames")->as_int(), 30);

  const ScratchFolder folder;
  std::filesystem::copy(testdata::SyntheticAvatar(), folder / "anna", std::filesystem::copy_options::recursive);
  std::ofstream(folder / "anna/landmarks/3.lms") << "1 2\nnonsense\n";
  const Outcome faulty = Lipstream({"avatar", "check", (folder / "anna").string()});
  EXPECT_EQ(faulty.exit_code, 3);
  EXPECT_THAT(faulty.err, HasSubstr("3.lms"));
}

TEST(ModelCommands, ANetworkIsDescribedAndAnEngineIsCheckedAgainstAnExpectedOutput) {
  const std::string model = Anna() + "/models/audio_encoder.onnx";
  const Outcome info = Lipstream({"model", "info", model});
  EXPECT_EQ(info.exit_code, 0) << info.err;
  EXPECT_THAT(info.out, HasSubstr("audio encoder"));
  EXPECT_THAT(info.out, HasSubstr("MMAC"));
  EXPECT_THAT(info.out, HasSubstr("reference"));
  EXPECT_THAT(info.out, ContainsRegex("cuda +(yes|not here): "));

  const ScratchFolder folder;
  Tensor mel(DType::kF32, {2, 1, 80, 16});
  for (size_t i = 0; i < mel.As<float>().size(); ++i) mel.As<float>()[i] = std::sin(static_cast<float>(i));
  ASSERT_TRUE(WriteNpy(folder / "mel.npy", mel).ok());
  const std::string input = "mel=" + (folder / "mel.npy").string();
  const Outcome same =
      Lipstream({"model", "check", model, "--input", input, "--engine", "auto", "--tolerance", "1e-3"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;

  const Tensor wrong(DType::kF32, {2, 512});
  ASSERT_TRUE(WriteNpy(folder / "zeros.npy", wrong).ok());
  const Outcome other = Lipstream({"model", "check", model, "--input", input, "--expect",
                                   (folder / "zeros.npy").string(), "--engine", "reference"});
  EXPECT_EQ(other.exit_code, 3) << other.err;
  EXPECT_THAT(other.out, HasSubstr("DIFF"));
  const Outcome unknown = Lipstream({"model", "check", model, "--input", "sound=" + (folder / "mel.npy").string()});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("sound"));
}

}  // namespace
}  // namespace lips::e2e
