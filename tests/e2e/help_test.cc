// What the command line says to someone who does not know it yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
                                                                                       {"model", "info"},
                                                                                       {"model", "check"},
                                                                                       {"features"},
                                                                                       {"export"},
                                                                                       {"frame"}}) {
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

TEST(Help, TheVersionIsPrinted) {
  const Outcome outcome = Lipstream({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("lipstream 0."));
}

}  // namespace
}  // namespace lips::e2e
