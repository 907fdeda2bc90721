// The drawn person, from nothing to a package that renders, and to a set to train on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"
#include "face/test_models.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome Draw(const Path& output, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"avatar", "demo", "-o", output, "--seconds", "0.4", "--size", "480x270"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Lipstream(arguments);
}

TEST(Demo, IsAPackageThatPassesTheCheckAndRenders) {
  const ScratchFolder folder;
  const Path weights = folder / "weights";
  ASSERT_TRUE(MakeFolder(weights).ok());
  const Path& from = testdata::SyntheticAvatar();
  std::filesystem::copy(from / "checkpoint/model_best.onnx", weights / "generator.onnx");
  std::filesystem::copy(from / "models/audio_encoder.onnx", weights / "audio_encoder.onnx");
  const Outcome drawn = Draw(folder / "person", {"--weights", weights});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_THAT(drawn.out, HasSubstr("10 frames, 480x270"));
  const Outcome check = Lipstream({"avatar", "check", folder / "person"});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  const Outcome render = Lipstream({"render", "--avatar", folder / "person", "--audio", testdata::SyntheticSpeech(),
                                    "--duration", "1", "-o", folder / "talk.mp4"});
  EXPECT_EQ(render.exit_code, 0) << render.err;
}

// Whatever ONNX Runtime the build knows is hidden: faces are found, and the mouth is made, by our own engine.
TEST(Demo, HerFilmBecomesAnAvatarThatTalksWithoutOnnxRuntime) {
  if (!TestFaceModels()) GTEST_SKIP() << kNoFaceModels;
  const ScratchFolder folder;
  const auto run = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"LIPSTREAM_ORT_LIBRARY=/nowhere/libonnxruntime.so", LIPSTREAM_BINARY});
    return RunProgram("/usr/bin/env", arguments);
  };
  ASSERT_EQ(Lipstream({"avatar", "demo", "-o", folder / "person", "--seconds", "0.4", "--size", "640x360"}).exit_code,
            0);
  const Path film = folder / "person/full_body_video.mp4";
  const Outcome hidden = run({"avatar", "create", film, "-o", folder / "other", "--engine", "ort"});
  EXPECT_EQ(hidden.exit_code, 1);
  EXPECT_THAT(hidden.err, HasSubstr("ONNX Runtime"));
  const Outcome made = run({"avatar", "create", film, "--audio", testdata::SyntheticSpeech(), "-o", folder / "made",
                            "--from", folder / "person", "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json report = ParseJson(made.out).value();
  EXPECT_EQ(report.Find("found")->as_int(), 10);
  EXPECT_THAT(report.Find("detector")->as_string(), HasSubstr("on cpu f32"));
  EXPECT_THAT(report.Find("landmarks")->as_string(), HasSubstr("on cpu f32"));
  const Outcome render = run({"render", "--avatar", folder / "made", "--audio", testdata::SyntheticSpeech(),
                              "--duration", "1", "-o", folder / "talk.mp4", "--json"});
  ASSERT_EQ(render.exit_code, 0) << render.err;
  EXPECT_THAT(ParseJson(render.out).value().Find("engine")->as_string(), StartsWith("cpu "));
}

TEST(Demo, SaysInOneSentenceWhatIsWrong) {
  const ScratchFolder folder;
  const auto error = [&](std::vector<std::string> more) {
    const Outcome outcome = Draw(folder / "person", std::move(more));
    EXPECT_EQ(outcome.exit_code, 1);
    return outcome.err;
  };
  EXPECT_THAT(error({"--weights", folder / "nowhere"}), HasSubstr("no generator.onnx and audio_encoder.onnx"));
  EXPECT_THAT(error({"--training-set", folder / "nowhere"}), HasSubstr("nowhere"));
  const Outcome size = Lipstream({"avatar", "demo", "-o", folder / "person", "--size", "large"});
  EXPECT_EQ(size.exit_code, 2);
  EXPECT_THAT(size.err, HasSubstr("expected WIDTHxHEIGHT"));
}

}  // namespace
}  // namespace lips::e2e
