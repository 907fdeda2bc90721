// lipstream avatar info|check|pack|demo: look at a package, make it one file, draw one.
#include "avatar/avatar.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "cli/app.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "render/pack.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string folder;
  bool json = false;
};

Result<ExitCode> RunInfo(const Flags& flags) {
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(flags.folder, {}));
  const Json info = avatar.Info();
  std::fputs(flags.json ? (info.Dump() + "\n").c_str() : FactTable(info).c_str(), stdout);
  return kOk;
}

Json ToJson(const AvatarCheck& check) {
  Json items = Json::Array{};
  for (const auto& item : check.items) {
    items.Append(Json::Object({{"what", item.what}, {"ok", item.ok}, {"found", item.found}}));
  }
  return Json::Object({{"ok", check.ok()}, {"checks", std::move(items)}});
}

Result<ExitCode> RunCheck(const Flags& flags) {
  ASSIGN_OR_RETURN(const AvatarCheck check, CheckAvatar(flags.folder, {}));
  if (flags.json) {
    std::printf("%s\n", ToJson(check).Dump().c_str());
  } else {
    for (const auto& item : check.items) {
      std::printf("%-5s %-22s %s\n", item.ok ? "ok" : "FAULT", item.what.c_str(), item.found.c_str());
    }
  }
  for (const auto& item : check.items) {
    if (item.ok) continue;
    std::fprintf(stderr, "error: avatar '%s': %s: %s\n", flags.folder.c_str(), item.what.c_str(), item.found.c_str());
    return kNotVerified;  // the first fault is named; the list has the rest
  }
  return kOk;
}

struct PackFlags {
  std::string folder, output, features = "none", date;
  EngineFlags engine;
  bool quiet = false, json = false;
};

std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm day = {};
  char text[16] = "";
  if (::gmtime_r(&now, &day) != nullptr) std::strftime(text, sizeof(text), "%Y-%m-%d", &day);
  return text;
}

Result<ExitCode> RunPack(const PackFlags& flags) {
  PackRequest request;
  request.avatar = flags.folder;
  request.output = flags.output;
  request.date = flags.date.empty() ? Today() : flags.date;
  request.stop = &Stop();
  if (flags.features != "none") {
    request.templates = static_cast<TemplateLevel>(flags.features[0] - '0');
  }
  ASSIGN_OR_RETURN(request.engine, flags.engine.Resolve());
  Result<PackReport> packed = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("prepare", flags.quiet || flags.json);
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    packed = PackAvatar(request);
  }
  if (!packed.ok()) return std::move(packed).TakeError();
  const PackReport& report = packed.value();
  if (flags.json) {
    const Json json = Json::Object({{"pack", flags.output},
                                    {"bytes", report.bytes},
                                    {"network_bytes", report.network_bytes},
                                    {"templates", report.templates},
                                    {"template_bytes", report.template_bytes},
                                    {"engine", report.engine}});
    std::printf("%s\n", json.Dump().c_str());
  } else if (!flags.quiet) {
    std::printf("%s: %.1f MB", flags.output.c_str(), static_cast<double>(report.bytes) / 1e6);
    if (report.templates > 0) {
      std::printf(", of that %.1f MB for %lld frames prepared for %s", static_cast<double>(report.template_bytes) / 1e6,
                  static_cast<long long>(report.templates), report.engine.c_str());
    }
    std::printf("\n");
  }
  return kOk;
}

void AddPack(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<PackFlags>();
  CLI::App* command = AddCommand(parent, "pack", "Make an avatar one file that opens at once",
                                 "  lipstream avatar pack anna -o anna.lips\n"
                                 "  lipstream avatar pack anna -o anna.lips --features 2 --precision f32\n");
  command->add_option("avatar", flags->folder, "the avatar's folder")->required();
  command->add_option("-o,--output", flags->output, "the pack to write, NAME.lips")->required();
  command
      ->add_option("--features", flags->features,
                   "also what the network computes of every frame: none, or how much of it (1 to 3; megabytes a frame)")
      ->check(CLI::IsMember({"none", "1", "2", "3"}))
      ->capture_default_str();
  command->add_option("--date", flags->date, "date to write into the pack; default: today");
  flags->engine.auto_is_exact = true;  // engine cpu's network and templates are what a pack has
  AddEngineFlags(*command, flags->engine);
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->add_flag("--json", flags->json, "machine-readable output");
  command->callback([&commands, flags] { commands.run = [flags] { return RunPack(*flags); }; });
}

void Add(Commands& commands, CLI::App& parent, const char* name, const char* description, const char* examples,
         Result<ExitCode> (*run)(const Flags&)) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(parent, name, description, examples);
  command->add_option("avatar", flags->folder, "the package: a folder or a pack")->required();
  command->add_flag("--json", flags->json, "machine-readable output");
  command->callback([&commands, flags, run] { commands.run = [flags, run] { return run(*flags); }; });
}

}  // namespace

void AddAvatar(Commands& commands) {
  CLI::App* avatar = commands.app->add_subcommand("avatar", "Make avatar packages, look at them, pack them, draw one");
  avatar->require_subcommand(1);
  Add(commands, *avatar, "info", "What a package contains: layout, size, frames, rectangles, mask, networks",
      "  lipstream avatar info anna\n  lipstream avatar info anna --json\n", RunInfo);
  Add(commands, *avatar, "check", "Go through a whole package; exit 3 names the first fault",
      "  lipstream avatar check anna\n", RunCheck);
  AddAvatarCreate(commands, *avatar);
  AddAvatarImport(commands, *avatar);
  AddPack(commands, *avatar);
  AddAvatarDemo(commands, *avatar);
  AddAvatarJudge(commands, *avatar);
}

}  // namespace lips::cli
