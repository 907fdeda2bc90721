// lipstream: parses the command line, runs one command, turns errors into one sentence and an exit code.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>

#include "base/version.h"
#include "cli/app.h"
#include "cli/live.h"
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

// A file opened under the number of a closed standard stream would receive what is printed there.
void OccupyStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() takes the lowest free number, which is this one: all below are taken by now.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) continue;
  }
}

// Answers that did not reach their reader are no success. A reader who stopped listening (`| head`) chose to.
bool FlushOutput() {
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || errno == EPIPE) return true;
  std::fprintf(stderr, "error: cannot write to standard output: %s\n",
               errno != 0 ? std::generic_category().message(errno).c_str() : "some of it was lost");
  return false;
}

int RunChosen(const Commands& commands) {
  const auto code = commands.run();
  if (code.ok()) return FlushOutput() || code.value() != ExitCode::kOk ? code.value() : ExitCode::kFailed;
  std::fprintf(stderr, "error: %s\n", code.error().message().c_str());
  return ExitCode::kFailed;
}

int Main(int argc, char** argv) {
  OccupyStandardStreams();
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
  lips::cli::AddVerify(commands);
  lips::cli::AddTrain(commands);
  lips::cli::AddBench(commands);
  lips::cli::AddServe(commands);
  lips::cli::AddSay(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    const int code = app.exit(success);
    return FlushOutput() ? code : ExitCode::kFailed;
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error);
  }
  std::signal(SIGINT, OnStopSignal);
  std::signal(SIGTERM, OnStopSignal);
  // The terminal went away; under nohup it may.
  if (std::signal(SIGHUP, OnStopSignal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
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
