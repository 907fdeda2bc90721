// What the commands that make avatars share: where their networks come from, and how their reports are shown.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "face/create.h"

namespace CLI {
class App;
}

namespace lips::cli {

// The path that was given, if one was.
std::optional<Path> Given(const std::string& text);

// --from, --weights, --audio-encoder, --size, --face-models, --threads.
struct NetworkFlags {
  std::string from, weights, encoder, models;
  int size = 0, threads = 0;
  void Apply(CreateRequest& request) const;
};
void AddNetworkFlags(CLI::App& command, NetworkFlags& flags);

// --quiet, --json.
struct ReportFlags {
  bool quiet = false, json = false;
  bool silent() const { return quiet || json; }  // no progress
};
void AddReportFlags(CLI::App& command, ReportFlags& flags);
// `report` as JSON, by `print`, or not at all.
void PrintReport(const ReportFlags& flags, const Json& report, const std::function<void()>& print);

}  // namespace lips::cli
