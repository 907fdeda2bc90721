// lipstream: parses the command line, runs one command, turns errors into one sentence and an exit code.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/version.h"
#include "cli/app.h"
#include "cli/suggest.h"

namespace {

using lips::cli::Commands;
using lips::cli::ExitCode;

extern "C" void OnStopSignal(int signal) {
  lips::cli::Stop().Raise();
  std::signal(signal, SIG_DFL);  // the second one is not asked
}

// CLI11's messages span lines and name no remedy; users get one sentence that does.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* chosen = &app;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  std::string name = chosen->get_name();
  for (const CLI::App* up = chosen->get_parent(); up != nullptr; up = up->get_parent()) {
    name.insert(0, up->get_name() + " ");
  }
  std::fprintf(stderr, "error: %s; see '%s --help'\n", lips::cli::UsageSentence(*chosen, error).c_str(), name.c_str());
  return ExitCode::kUsage;
}

int RunChosen(const Commands& commands) {
  const auto code = commands.run();
  if (code.ok()) return code.value();
  std::fprintf(stderr, "error: %s\n", code.error().message().c_str());
  return ExitCode::kFailed;
}

int Main(int argc, char** argv) {
  CLI::App app("Makes a recorded person speak any audio.", "lipstream");
  app.set_version_flag("--version", std::string("lipstream ") + std::string(lips::Version()));
  app.require_subcommand(1);
  app.footer(
      "Each command explains itself: lipstream COMMAND --help\n"
      "What Lipstream makes is marked as synthetic. Animate only people who agreed to it.");
  Commands commands{&app, {}};
  lips::cli::AddRender(commands);
  lips::cli::AddAvatar(commands);
  lips::cli::AddModel(commands);
  lips::cli::AddFeatures(commands);
  lips::cli::AddExport(commands);
  lips::cli::AddFrame(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error);
  }
  std::signal(SIGINT, OnStopSignal);
  std::signal(SIGTERM, OnStopSignal);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error, not a death
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file size limit
  return RunChosen(commands);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  } catch (const std::exception& e) {  // a bug of ours or a library's: still no abort
    std::fprintf(stderr, "error: unexpected: %s\n", e.what());
  }
  return ExitCode::kFailed;
}
