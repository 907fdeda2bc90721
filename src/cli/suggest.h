// Turns a command line error into a sentence that helps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace lips::cli {

// The candidate closest to `word` (at most a third of its letters edited), or "" when none is close.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

// "unknown option --enigne (did you mean --engine?)"; the app is the deepest subcommand that was reached.
std::string UsageSentence(const CLI::App& app, const CLI::ParseError& error);

}  // namespace lips::cli
