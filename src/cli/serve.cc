// lipstream serve: avatars that speak live, in a page and over WebSockets.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "cli/live.h"
#include "engine/remote/service.h"
#include "engine/template_level.h"
#include "live/host.h"
#include "server/avatar_shelf.h"
#include "server/server.h"
#include "talker/networks.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string config;
  bool check_config = false;
  bool quiet = false;
  ServeSettings given;
  std::vector<std::pair<const SettingKey*, const CLI::Option*>> options;
};

// The file first, then what the command line says.
Result<ServeSettings> Combine(const Flags& flags) {
  ServeSettings settings;
  if (!flags.config.empty()) RETURN_IF_ERROR(ApplyConfigFile(flags.config, settings));
  for (const auto& [key, option] : flags.options) {
    if (option->count() == 0) continue;
    std::visit([&](auto member) { settings.*member = flags.given.*member; }, key->member);
  }
  RETURN_IF_ERROR(CheckServeSettings(settings));
  return settings;
}

Result<GeneratorOptions> EngineOf(const ServeSettings& settings) {
  EngineFlags engine;
  engine.may_be_remote = settings.role == kRoleLive;
  engine.engine = settings.engine;
  engine.provider = settings.provider;
  engine.precision = settings.precision;
  engine.threads = settings.threads;
  engine.no_proof = settings.no_proof;
  return engine.Resolve();
}

Result<LiveHostOptions> HostOptions(const ServeSettings& settings) {
  LiveHostOptions options;
  options.limits = settings.Limits();
  ASSIGN_OR_RETURN(options.composite, ParseCompositeMode(settings.composite));
  options.threads = settings.threads;
  options.feather = settings.feather;
  options.headroom = settings.headroom;
  options.duty = settings.duty;
  options.max_sessions = settings.sessions;
  options.admit_all = settings.admit_all;
  return options;
}

Result<LiveAvatarOptions> AvatarOptionsOf(const ServeSettings& settings) {
  LiveAvatarOptions options;
  ASSIGN_OR_RETURN(options.engine, EngineOf(settings));
  ASSIGN_OR_RETURN(options.avatar.rests, ParseRest(settings.rest));
  if (!settings.cache_memory.empty()) {
    ASSIGN_OR_RETURN(options.template_bytes, ParseByteSize(settings.cache_memory));
  }
  if (!settings.label.empty()) {
    options.label = LabelOptions{.text = settings.label};
    ASSIGN_OR_RETURN(options.label->place, ParseLabelPlace(settings.label_position));
    if (!settings.label_font.empty()) options.label->font = settings.label_font;
  }
  return options;
}

// Told by the loading thread how each avatar fared.
struct Loading {
  std::atomic<size_t> left = 0;
  std::atomic<size_t> ready = 0;
  std::mutex mutex;
  std::string first_error;  // guarded by mutex
  std::atomic<Server*> server = nullptr;
};

void ReportLoaded(Loading& loading, const LiveHost& host, bool quiet, const std::string& id, const Status& status) {
  if (status.ok()) {
    ++loading.ready;
    const auto facts = host.FindAvatar(id);
    if (!quiet && facts) {
      std::printf("avatar %s: ready, %dx%d, %.4g fps; the machine makes %.0f frames a second\n", id.c_str(),
                  facts->width, facts->height, facts->fps.AsDouble(), facts->frames_per_second);
      std::fflush(stdout);
    }
  } else {
    std::fprintf(stderr, "warning: avatar %s cannot be used: %s\n", id.c_str(), status.error().message().c_str());
    const std::lock_guard lock(loading.mutex);
    if (loading.first_error.empty()) loading.first_error = status.error().message();
  }
  // Avatars that are loaded later, through the admin port, do not count.
  if (loading.left.load() == 0 || --loading.left > 0 || loading.ready > 0) return;
  if (Server* server = loading.server.load()) server->Stop();
}

// The network of one avatar for programs that composite and encode elsewhere.
Result<ExitCode> RunGenerator(const ServeSettings& settings, const std::vector<std::pair<std::string, Path>>& avatars,
                              const Flags& flags) {
  if (avatars.size() != 1) {
    return Error(ErrorCode::kInvalidInput, "a generator serves the network of one avatar, but " +
                                               std::to_string(avatars.size()) + " were found in --avatars");
  }
  ASSIGN_OR_RETURN(GeneratorOptions engine, EngineOf(settings));
  ASSIGN_OR_RETURN(const CompositeMode composite, ParseCompositeMode(settings.composite));
  remote::ServiceOptions options;
  options.bind = settings.bind;
  options.port = settings.port;
  if (!settings.cache_memory.empty()) {
    ASSIGN_OR_RETURN(options.template_bytes, ParseByteSize(settings.cache_memory));
  } else if (engine.session.backend == Backend::kCuda) {
    options.template_bytes = UsualTemplateBytes(engine.session);
  }
  if (flags.check_config) {
    std::printf("the configuration is in order: the network of %s\n", avatars.front().first.c_str());
    return kOk;
  }
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(avatars.front().second, {}));
  NetworkRequest request;
  request.engine = std::move(engine);
  request.engine.template_level =
      ChooseTemplateLevel(avatar.face().roi_px(), request.engine.session, avatar.video().frames,
                          static_cast<size_t>(options.template_bytes));
  request.engine.used = UsedPixels(composite, avatar.face().roi_px());
  request.with_encoder = false;
  ASSIGN_OR_RETURN(const Networks networks, OpenNetworks(avatar, request));
  options.model_sha256 = networks.model_sha256;
  options.used = request.engine.used;
  ASSIGN_OR_RETURN(const auto service, remote::GeneratorService::Start(*networks.generator, options));
  if (!flags.quiet) {
    std::printf("generator of %s: %s:%d, ready; %s\n", avatars.front().first.c_str(), options.bind.c_str(),
                service->port(), networks.generator->Describe().c_str());
    std::fflush(stdout);
  }
  service->RunUntil(Stop());
  return kOk;
}

Result<ExitCode> RunServe(const Flags& flags) {
  ASSIGN_OR_RETURN(const ServeSettings settings, Combine(flags));
  ASSIGN_OR_RETURN(const auto avatars, FindAvatars(settings.avatars));
  if (settings.role == kRoleGenerator) return RunGenerator(settings, avatars, flags);
  ASSIGN_OR_RETURN(LiveHostOptions host_options, HostOptions(settings));
  ServerOptions options;
  options.settings = settings;
  ASSIGN_OR_RETURN(options.avatar, AvatarOptionsOf(settings));
  if (flags.check_config) {
    std::printf("the configuration is in order: %zu avatar%s\n", avatars.size(), avatars.size() == 1 ? "" : "s");
    return kOk;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<LiveHost> host, LiveHost::Create(std::move(host_options)));
  Loading loading;
  loading.left = avatars.size();
  options.loaded = [&](const std::string& id, const Status& status) {
    ReportLoaded(loading, *host, flags.quiet, id, status);
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Open(std::move(options), *host));
  loading.server = server.get();
  if (!flags.quiet) {
    std::printf("page: %s\n", server->url().c_str());
    if (server->admin_port() != 0) std::printf("admin: http://127.0.0.1:%d/admin\n", server->admin_port());
    std::fflush(stdout);
  }
  if (loading.left == 0 && loading.ready == 0) server->Stop();  // they failed before we were told of the server
  server->Run(&Stop());
  if (loading.left == 0 && loading.ready == 0) {
    const std::lock_guard lock(loading.mutex);
    return Error(ErrorCode::kInvalidInput, "no avatar can be served: " + loading.first_error);
  }
  return kOk;
}

void AddSetting(CLI::App& command, Flags& flags, const SettingKey& key) {
  std::string name = std::string("--") + key.name;
  std::ranges::replace(name, '_', '-');
  CLI::Option* option = std::visit(
      [&](auto member) -> CLI::Option* {
        auto& value = flags.given.*member;
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
          return command.add_flag(name, value, key.help);
        } else {
          CLI::Option* added = command.add_option(name, value, key.help);
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
            added->check(CLI::Range(key.least, key.most));
          }
          if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::vector<std::string>>) {
            added->capture_default_str();
          }
          return added;
        }
      },
      key.member);
  flags.options.emplace_back(&key, option);
}

}  // namespace

void AddServe(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(
      *commands.app, "serve", "Let avatars speak live: a web page, WebSockets, metrics",
      "  lipstream serve --avatars anna\n"
      "  lipstream serve --avatars avatars --port 9000 --precision int8\n"
      "  lipstream serve --config serve.json --check-config\n"
      "  lipstream serve --avatars avatars --bind 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --token-key keys\n"
      "  lipstream serve --role generator --avatars anna --port 7860\n"
      "docs/serving.md says how to run it for others, docs/protocol.md how programs talk to it, docs/remote.md what a\n"
      "generator is.");
  command->add_option("--config", flags->config, "JSON file with any of the settings below; flags go before it");
  command->add_flag("--check-config", flags->check_config, "only say whether the settings are in order");
  command->add_flag("-q,--quiet", flags->quiet, "print warnings and errors only");
  for (const SettingKey& key : SettingKeys()) AddSetting(*command, *flags, key);
  command->callback([&commands, flags] { commands.run = [flags] { return RunServe(*flags); }; });
}

}  // namespace lips::cli
