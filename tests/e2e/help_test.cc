// What the command line says to someone who does not know it yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "command.h"

namespace lips::e2e {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Help, EveryCommandHasHelpWithExamples) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{"render"},
                                                                                       {"avatar", "info"},
                                                                                       {"avatar", "check"},
                                                                                       {"avatar", "import"},
                                                                                       {"avatar", "judge"},
                                                                                       {"model", "info"},
                                                                                       {"model", "check"},
                                                                                       {"features"},
                                                                                       {"export"},
                                                                                       {"frame"},
                                                                                       {"verify"},
                                                                                       {"bench", "network"},
                                                                                       {"bench", "audio"},
                                                                                       {"bench", "composite"},
                                                                                       {"bench", "render"},
                                                                                       {"bench", "start"},
                                                                                       {"bench", "all"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Outcome outcome = Lipstream(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << command.front();
    EXPECT_THAT(outcome.out, HasSubstr("Examples:\n  lipstream " + command.front())) << outcome.out;
  }
}

TEST(Help, UsageMistakesGetOneSentenceAndExitCodeTwo) {
  struct Case {
    std::vector<std::string> arguments;
    std::string expected;
  };
  for (const Case& c : std::vector<Case>{
           {{}, "error: A subcommand is required; see 'lipstream --help'\n"},
           {{"rendr"}, "error: unknown argument rendr (did you mean render?); see 'lipstream --help'\n"},
           {{"render", "--avatar", "a", "--audio", "b", "--enigne", "ort"},
            "error: unknown option --enigne (did you mean --engine?); see 'lipstream render --help'\n"},
           {{"render", "--audio", "b", "-o", "c.mp4"}, "error: --avatar is required; see 'lipstream render --help'\n"},
           {{"render", "--avatar", "a", "--audio", "b"},
            "error: nothing to write: give -o FILE or --frames DIR; see 'lipstream render --help'\n"}}) {
    const Outcome outcome = Lipstream(c.arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err, c.expected);
    EXPECT_EQ(outcome.out, "");
  }
  const Outcome crf = Lipstream({"render", "--avatar", "a", "--audio", "b", "-o", "c.mp4", "--crf", "99"});
  EXPECT_EQ(crf.exit_code, 2);
  EXPECT_THAT(crf.err, HasSubstr("--crf"));
}

TEST(Help, BadValuesAreUsageMistakesToo) {
  for (const auto& [flag, value, expected] : std::vector<std::array<std::string, 3>>{
           {"--duration", "nan", "--duration: 'nan' is no number above 0"},
           {"--duration", "inf", "--duration: 'inf' is no number above 0"},
           {"--duration", "0", "--duration: '0' is no number above 0"},
           {"--duration", "", "--duration: '' is no number above 0"},
           {"--fps", "0", "--fps: '0' is no frame rate; expected one like 25, 29.97 or 30000/1001"},
           {"--fps", "1000", "--fps: '1000' is no frame rate"},
           {"--codec", "h265", "--codec: h265 not in {h264,"},
           {"--preset", "hyperfast", "--preset: hyperfast not in {ultrafast,"},
           {"--cache-memory", "2X", "--cache-memory: '2X' is no size in bytes; expected one like 0, 500M or 2G"},
           {"--cache-level", "4", "--cache-level: Value 4 not in range"},
           {"--precision", "f64", "--precision: unknown precision 'f64', expected one of auto, f32, bf16, int8, f16"},
           {"--precision", "bf16", "--precision: bf16 needs --engine cpu, not null"},
           {"--precision", "fp16", "--precision: fp16 needs --engine cuda or ort, not null"},
           {"--provider", "cuda", "--provider: cuda needs --engine ort, not null"},
           {"--report", "./c.mp4", "--report and --output name the same file"}}) {
    const Outcome outcome =
        Lipstream({"render", "--avatar", "a", "--audio", "b", "-o", "c.mp4", "--engine", "null", flag, value});
    EXPECT_EQ(outcome.exit_code, 2) << flag << " " << value;
    EXPECT_THAT(outcome.err, StartsWith("error: " + expected));
    EXPECT_THAT(outcome.err, EndsWith("; see 'lipstream render --help'\n"));
    EXPECT_LT(outcome.err.size(), 200u);
  }
  for (const auto& [flag, value, expected] : std::vector<std::array<std::string, 3>>{
           {"--precision", "int8", "--precision: int8 needs --engine cpu, not cuda"},
           {"--precision", "f32", "--precision: f32 needs --engine cpu, not cuda"},
           {"--provider", "cuda", "--provider: cuda needs --engine ort, not cuda"}}) {
    const Outcome outcome =
        Lipstream({"render", "--avatar", "a", "--audio", "b", "-o", "c.mp4", "--engine", "cuda", flag, value});
    EXPECT_EQ(outcome.exit_code, 2) << flag << " " << value;
    EXPECT_EQ(outcome.err, "error: " + expected + "; see 'lipstream render --help'\n");
  }
  for (const std::string input : {"mel", "=x.npy", "mel="}) {
    const Outcome outcome = Lipstream({"model", "check", "m.onnx", "--input", input});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("'" + input + "' is not NAME=FILE.npy"));
  }
  for (const std::string tolerance : {"nan", "-1"}) {
    EXPECT_EQ(Lipstream({"model", "check", "m.onnx", "--input", "a=b", "--tolerance", tolerance}).exit_code, 2);
  }
}

TEST(Help, AFullOutputStreamIsAFailureAndAClosedOneIsNot) {
  const auto shell = [](const std::string& redirections) {
    return RunProgram("/bin/sh", {"-c", std::string(LIPSTREAM_BINARY) + " --version " + redirections});
  };
  const Outcome full = shell(">/dev/full");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, StartsWith("error: cannot write to standard output: "));
  EXPECT_EQ(shell(">&- 2>&- <&-").exit_code, 0);
}

TEST(Help, TheVersionIsPrinted) {
  const Outcome outcome = Lipstream({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("lipstream 0."));
}

}  // namespace
}  // namespace lips::e2e
