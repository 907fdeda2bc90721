#include "cli/suggest.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "base/nearest.h"

namespace lips::cli {
namespace {

std::string OneLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::string UsageSentence(const CLI::App& app, const CLI::ParseError& error) {
  if (!app.remaining().empty()) {  // whatever else is missing, a word nobody knows explains it best
    const std::string word = app.remaining().front().substr(0, app.remaining().front().find('='));
    const bool is_option = word.starts_with("-");
    std::vector<std::string> known;
    if (is_option) {
      for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
      }
    } else {
      for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(command->get_name());
      }
    }
    const std::string nearest = Nearest(word, known);
    return std::string("unknown ") + (is_option ? "option " : "argument ") + word +
           (nearest.empty() ? "" : " (did you mean " + nearest + "?)");
  }
  return OneLine(error.what());
}

}  // namespace lips::cli
