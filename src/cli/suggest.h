// Turns a command line error into a sentence that helps.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace lips::cli {

// "unknown option --enigne (did you mean --engine?)"; the app is the deepest subcommand that was reached.
std::string UsageSentence(const CLI::App& app, const CLI::ParseError& error);

}  // namespace lips::cli
