// lipstream bench --live and --churn: sessions that speak to a live server in real time, and many that come and go.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/churn_bench.h"
#include "bench/live_bench.h"
#include "bench/machine.h"
#include "cli/live.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace lips::cli {
namespace {

struct Flags {
  LiveBenchRequest request;
  int churn = 0, together = 16;
  std::string server = "http://localhost:8080", authority, speech, output;
  bool json = false;
  bool quiet = false;
};

Status Show(const Flags& flags, const char* name, const Json& measured) {
  const Json machine = MachineFacts(1);
  const Json report = Json::Object({{"machine", machine}, {name, measured}});
  if (!flags.output.empty()) RETURN_IF_ERROR(WriteFileAtomically(flags.output, report.Dump() + "\n"));
  if (flags.json) {
    std::printf("%s\n", report.Dump().c_str());
  } else {
    std::printf("%s\n\n%s", MachineLine(machine).c_str(), FactTable(measured).c_str());
  }
  return {};
}

Result<ExitCode> RunChurn(const Flags& flags) {
  ChurnRequest request;
  const auto authority = flags.authority.empty() ? std::nullopt : std::optional<Path>(flags.authority);
  ASSIGN_OR_RETURN(request.server, ParseServerUrl(flags.server, authority));
  request.avatar = flags.request.avatar;
  request.api_key = flags.request.api_key;
  request.mode = flags.request.mode;
  request.connects = flags.churn;
  request.together = flags.together;
  Result<Json> measured = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("bench", flags.quiet || flags.json, "connects");
    request.progress = [&progress](int64_t done, int64_t total) {
      progress.Update(done, total);
      return Stop().Check();
    };
    measured = MeasureChurn(request);
  }
  if (!measured.ok()) return std::move(measured).TakeError();
  RETURN_IF_ERROR(Show(flags, "churn", measured.value()));
  const bool sound = measured.value().Find("sessions_left")->as_int() == 0 &&
                     measured.value().Find("connections_left")->as_int() == 0 &&
                     measured.value().Find("refused")->as_int() == 0;
  return sound ? kOk : kNotVerified;
}

Result<ExitCode> RunLive(const Flags& flags) {
  LiveBenchRequest request = flags.request;
  const auto authority = flags.authority.empty() ? std::nullopt : std::optional<Path>(flags.authority);
  ASSIGN_OR_RETURN(request.server, ParseServerUrl(flags.server, authority));
  if (!flags.speech.empty()) request.speech = flags.speech;
  Result<Json> measured = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("bench", flags.quiet || flags.json, "s");
    request.progress = [&progress](int64_t done, int64_t total) {
      progress.Update(done, total);
      return Stop().Check();
    };
    measured = MeasureLive(request);
  }
  if (!measured.ok()) return std::move(measured).TakeError();
  RETURN_IF_ERROR(Show(flags, "live", measured.value()));
  const bool sound = measured.value().Find("violations")->as_int() == 0;
  return sound ? kOk : kNotVerified;
}

}  // namespace

void AddBenchLive(CLI::App& bench, Commands& commands) {
  auto flags = std::make_shared<Flags>();
  LiveBenchRequest& request = flags->request;
  constexpr const char* kGroup = "Live server";
  CLI::Option* live =
      bench.add_option("--live", request.sessions, "load a live server with so many sessions, in real time")
          ->check(CLI::Range(1, 10000))
          ->group(kGroup);
  CLI::Option* churn =
      bench.add_option("--churn", flags->churn, "open so many sessions of a live server and drop half of them")
          ->check(CLI::Range(1, 1'000'000))
          ->excludes(live)
          ->group(kGroup);
  const auto add = [&](const char* name, auto& value, const char* help) {
    return bench.add_option(name, value, help)->group(kGroup);
  };
  add("--together", flags->together, "sessions of --churn at the same time")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  add("--server", flags->server, "its address")->capture_default_str();
  add("--seconds", request.seconds, "how long all sessions speak")->check(CheckPositiveNumber)->capture_default_str();
  add("--mode", request.mode, "video mode: patch, h264, jpeg, fmp4")
      ->check(CLI::IsMember({"patch", "h264", "jpeg", "fmp4"}))
      ->capture_default_str();
  add("--interrupt-every", request.interrupt_every_s, "each session interrupts itself every so many seconds; 0: never")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  add("--connects", request.connects_per_second, "sessions opened a second; 0: all at once")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  add("--speech", flags->speech, "what they say; default: a test signal");
  add("--live-avatar", request.avatar, "its id; default: the only one there is");
  add("--api-key", request.api_key, "what the server's POST /v1/sessions asks for");
  add("--ca", flags->authority, "certificate (PEM) to trust instead of the system's authorities");
  add("--live-output", flags->output, "also write the JSON to this file");
  bench.add_flag("--silent", request.silent, "the sessions of --live say nothing: what idle ones cost")->group(kGroup);
  bench.add_flag("--json", flags->json, "print JSON instead of a table")->group(kGroup);
  bench.add_flag("-q,--quiet", flags->quiet, "show no progress")->group(kGroup);
  bench.callback([&bench, &commands, flags, live, churn] {
    if (!bench.get_subcommands().empty()) return;
    if (churn->count() > 0) {
      commands.run = [flags] { return RunChurn(*flags); };
      return;
    }
    if (live->count() == 0) throw CLI::RequiredError("A subcommand, --live or --churn");
    commands.run = [flags] { return RunLive(*flags); };
  });
}

}  // namespace lips::cli
