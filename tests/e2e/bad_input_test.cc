// Whatever is wrong with the input: one clear sentence, the right exit code, no output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "base/json.h"
#include "command.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

void Overwrite(const Path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
void Truncate(const Path& path, double share) {
  fs::resize_file(path, static_cast<uintmax_t>(share * static_cast<double>(fs::file_size(path))));
}

// A private copy of the synthetic avatar and a second of speech, to be damaged.
class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(testdata::SyntheticAvatar(), folder_ / "anna", fs::copy_options::recursive);
    ASSERT_TRUE(testdata::WriteWav(folder_ / "speech.wav", testdata::SynthesizeSpeech(2.0, 7).samples, 16000, 1).ok());
  }

  // Renders and expects: exit code 1, exactly one line beginning with "error: ", holding `what`, and no output file.
  void ExpectSentence(const std::string& what, const std::string& audio = "speech.wav",
                      const std::vector<std::string>& more = {}, const std::string& output = "out.mp4") {
    std::vector<std::string> arguments = {"render",
                                          "--avatar",
                                          (folder_ / "anna").string(),
                                          "--audio",
                                          (folder_.path() / audio).string(),
                                          "-o",
                                          (folder_.path() / output).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = Lipstream(arguments);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, ContainsRegex("^error: [^\n]+\n$"));
    EXPECT_THAT(outcome.err, HasSubstr(what));
    for (const std::string& name : folder_.Names()) {
      EXPECT_THAT(name, ::testing::Not(HasSubstr("out.mp4"))) << "after: " << outcome.err;
    }
  }
  Path Avatar(const char* name) const { return folder_ / "anna" / name; }

  ScratchFolder folder_;
};

TEST_F(BadInput, Audio) {
  Overwrite(folder_ / "empty.wav", "");
  ExpectSentence("empty.wav", "empty.wav");
  Overwrite(folder_ / "garbage.wav", std::string(5000, 'x'));
  ExpectSentence("garbage.wav", "garbage.wav");
  ExpectSentence("nowhere.wav", "nowhere.wav");
  ASSERT_TRUE(testdata::WriteWav(folder_ / "short.wav", std::vector<float>(1600), 16000, 1).ok());
  ExpectSentence("holds 100 ms of audio; at least", "short.wav");
  fs::copy(folder_ / "speech.wav", folder_ / "half.wav");
  Truncate(folder_ / "half.wav", 0.5);
  ExpectSentence("half.wav': the WAV file is cut short: its header promises 64000 bytes of audio, it holds 31978",
                 "half.wav");
  Overwrite(folder_ / "header.wav", ReadTextFile(folder_ / "speech.wav").value().substr(0, 44));
  ExpectSentence("header.wav", "header.wav");
}

TEST_F(BadInput, Networks) {
  const std::string model = ReadTextFile(Avatar("checkpoint/model_best.onnx")).value();
  Truncate(Avatar("checkpoint/model_best.onnx"), 0.5);
  ExpectSentence("model_best.onnx");
  Overwrite(Avatar("checkpoint/model_best.onnx"), "");
  ExpectSentence("model_best.onnx");
  Overwrite(Avatar("checkpoint/model_best.onnx"), std::string(10000, '\x7f'));
  ExpectSentence("model_best.onnx");
  fs::remove(Avatar("checkpoint/model_best.onnx"));
  ExpectSentence("generator");
  Overwrite(Avatar("checkpoint/model_best.onnx"), model);
  fs::remove(Avatar("models/audio_encoder.onnx"));
  ExpectSentence("audio encoder");
}

TEST_F(BadInput, Package) {
  const std::string rects = ReadTextFile(Avatar("cache/crop_rectangles.json")).value();
  Overwrite(Avatar("cache/crop_rectangles.json"), rects.substr(0, rects.size() / 2));
  ExpectSentence("crop_rectangles.json");
  Json moved = ParseJson(rects).value();
  moved.Set("7", Json::Object({{"rect", Json::Array{702, 210, 690, 392}}}));
  Overwrite(Avatar("cache/crop_rectangles.json"), moved.Dump());
  ExpectSentence("frame 7: rect [702,210,690,392] has x2 <= x1");
  Overwrite(Avatar("cache/crop_rectangles.json"), "{}");
  ExpectSentence("crop_rectangles.json");
  Overwrite(Avatar("cache/crop_rectangles.json"), rects);

  const std::string video = ReadTextFile(Avatar("full_body_video.mp4")).value();
  Truncate(Avatar("full_body_video.mp4"), 0.3);
  ExpectSentence("full_body_video.mp4");
  Overwrite(Avatar("full_body_video.mp4"), "");
  ExpectSentence("full_body_video.mp4");
  Overwrite(Avatar("full_body_video.mp4"), video);

  fs::remove_all(folder_ / "anna");
  ExpectSentence("anna");
  fs::create_directory(folder_ / "anna");
  ExpectSentence("anna");
}

TEST_F(BadInput, FeatureFiles) {
  Overwrite(folder_ / "f.npy", "\x93NUMPY");
  ExpectSentence("f.npy", "speech.wav", {"--features", (folder_ / "f.npy").string()});
  Overwrite(folder_ / "f.bin", std::string(1000, 'x'));
  ExpectSentence("f.bin", "speech.wav", {"--features", (folder_ / "f.bin").string()});
  ExpectSentence("none.npy", "speech.wav", {"--features", (folder_ / "none.npy").string()});
}

TEST_F(BadInput, Outputs) {
  ExpectSentence("cannot write '/nonexistent/out.mp4': No such file or directory", "speech.wav", {},
                 "/nonexistent/out.mp4");
  ExpectSentence("webp", "speech.wav", {}, "out.webp");
}

TEST_F(BadInput, OutputsThatWouldReplaceInputs) {
  const std::string speech = ReadTextFile(folder_ / "speech.wav").value();
  Overwrite(folder_ / "speech.mp4", speech);  // FFmpeg goes by the content
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& what) {
    const Outcome outcome = Lipstream(arguments);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, ContainsRegex("^error: [^\n]+\n$"));
    EXPECT_THAT(outcome.err, HasSubstr(what));
  };
  const std::string anna = folder_ / "anna";
  const std::string audio = folder_ / "speech.mp4";
  refused({"render", "--avatar", anna, "--audio", audio, "--engine", "null", "-o", anna + "/../speech.mp4"},
          "it is the audio to be spoken");
  refused({"features", audio, "--stage", "mel", "-o", audio}, "it is the audio to be spoken");
  EXPECT_EQ(ReadTextFile(audio).value(), speech);

  const std::string video = ReadTextFile(Avatar("full_body_video.mp4")).value();
  const std::string inside = "it lies in the avatar's folder";
  refused({"render", "--avatar", anna, "--audio", audio, "--engine", "null", "-o", anna + "/full_body_video.mp4"},
          inside);
  refused({"render", "--avatar", anna + "/", "--audio", audio, "--engine", "null", "--frames", anna + "/new"}, inside);
  refused({"export", "--avatar", anna, "--audio", audio, "--engine", "null", "-o", anna}, "it is the avatar");
  refused({"frame", "--avatar", anna, "--audio", audio, "--engine", "null", "-o", anna}, "it is the avatar");
  EXPECT_EQ(ReadTextFile(Avatar("full_body_video.mp4")).value(), video);
}

TEST_F(BadInput, NamesThatAreEmpty) {
  const std::string output = folder_ / "made";
  const std::string speech = folder_ / "speech.wav";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"avatar", "create", "", "-o", output},
                                             {"avatar", "import", "", "-o", output},
                                             {"avatar", "info", ""},
                                             {"avatar", "pack", "", "-o", output},
                                             {"features", "", "-o", output},
                                             {"model", "info", ""},
                                             {"render", "--avatar", "", "--audio", speech, "-o", output + ".mp4"},
                                             {"verify", "", ""}}) {
    const Outcome outcome = Lipstream(arguments);
    EXPECT_EQ(outcome.exit_code, 1) << arguments[0] << ' ' << arguments[1];
    EXPECT_THAT(outcome.err, ContainsRegex("^error: [^\n]+\n$"));
  }
  EXPECT_FALSE(fs::exists(output));
}

TEST_F(BadInput, AReportThatCannotBeWrittenIsFoundBeforeTheRender) {
  ExpectSentence("cannot write '/nonexistent/report.json'", "speech.wav", {"--report", "/nonexistent/report.json"});
  ExpectSentence("cannot write '/dev/null': it is no regular file", "speech.wav", {"--report", "/dev/null"});
}

TEST_F(BadInput, AnExportBeyondTheAudio) {
  const std::string far = "9223372036854775807";
  const Outcome outcome = Lipstream({"export", "--avatar", folder_ / "anna", "--audio", folder_ / "speech.wav",
                                     "--engine", "null", "-o", folder_ / "out", "--start", far, "--frames", far});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(far + " frames from " + far + " on lie outside the "));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace lips::e2e
