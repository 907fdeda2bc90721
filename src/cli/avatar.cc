// lipstream avatar info|check: look at a package.
#include "avatar/avatar.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"
#include "cli/table.h"

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

void Add(Commands& commands, CLI::App& parent, const char* name, const char* description, const char* examples,
         Result<ExitCode> (*run)(const Flags&)) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(parent, name, description, examples);
  command->add_option("avatar", flags->folder, "the package's folder")->required();
  command->add_flag("--json", flags->json, "machine-readable output");
  command->callback([&commands, flags, run] { commands.run = [flags, run] { return run(*flags); }; });
}

}  // namespace

void AddAvatar(Commands& commands) {
  CLI::App* avatar = commands.app->add_subcommand("avatar", "Look at avatar packages");
  avatar->require_subcommand(1);
  Add(commands, *avatar, "info", "What a package contains: layout, size, frames, rectangles, mask, networks",
      "  lipstream avatar info anna\n  lipstream avatar info anna --json\n", RunInfo);
  Add(commands, *avatar, "check", "Go through a whole package; exit 3 names the first fault",
      "  lipstream avatar check anna\n", RunCheck);
}

}  // namespace lips::cli
