#include "cli/suggest.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>

namespace lips::cli {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

std::string OneLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

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
