// lipstream say: speaks a file through a live server and keeps the video.
#include "client/say.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/live.h"
#include "cli/progress.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string server = "http://localhost:8080", authority, avatar, token, api_key, speech, output, mode = "h264";
  bool quiet = false;
  bool json = false;
};

Result<ExitCode> RunSay(const Flags& flags) {
  SayRequest request;
  const auto authority = flags.authority.empty() ? std::nullopt : std::optional<Path>(flags.authority);
  ASSIGN_OR_RETURN(request.server, ParseServerUrl(flags.server, authority));
  request.avatar = flags.avatar;
  request.token = flags.token;
  request.api_key = flags.api_key;
  request.speech = flags.speech;
  request.video = flags.output;
  request.mode = flags.mode;
  request.stop = &Stop();
  Result<SayReport> said = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("say", flags.quiet || flags.json);
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    said = Say(request);
  }
  if (!said.ok()) return std::move(said).TakeError();
  const SayReport& report = said.value();
  if (flags.json) {
    std::printf("%s\n", report.ToJson().Dump().c_str());
  } else if (!flags.quiet) {
    std::printf("%s: %lld frames by %s, %.1f s of speech in %.1f s; first frame after %.0f ms\n", flags.output.c_str(),
                static_cast<long long>(report.frames), report.avatar.c_str(), report.seconds, report.wall_s,
                report.first_frame_ms);
    if (report.frames_dropped > 0) {
      std::printf("%lld frames were dropped; their predecessors stand longer\n",
                  static_cast<long long>(report.frames_dropped));
    }
  }
  return kOk;
}

}  // namespace

void AddSay(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      AddCommand(*commands.app, "say", "Speak an audio file through a live server, into a video",
                 "  lipstream say speech.wav -o speech.mp4\n"
                 "  lipstream say --server https://example.com --api-key KEY --avatar anna talk.mp3 -o talk.mp4\n");
  command->add_option("speech", flags->speech, "any audio or video file FFmpeg reads")->required();
  command
      ->add_option("-o,--output", flags->output, "video to write (.mp4): the server's pictures, the file's own sound")
      ->required();
  command
      ->add_option(
          "--mode", flags->mode,
          "how the server sends the video: h264 and fmp4 (with its own sound) are kept as they come, patch and "
          "jpeg are drawn and coded here")
      ->check(CLI::IsMember({"h264", "patch", "jpeg", "fmp4"}))
      ->capture_default_str();
  command->add_option("--server", flags->server, "address of the server")->capture_default_str();
  command->add_option("--ca", flags->authority, "certificate (PEM) to trust instead of the system's authorities");
  command->add_option("-a,--avatar", flags->avatar, "its id; default: the only one there is");
  command->add_option("--api-key", flags->api_key, "what the server's POST /v1/sessions asks for");
  command->add_option("--token", flags->token, "connect with this token instead");
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->add_flag("--json", flags->json, "print the times as JSON");
  command->callback([&commands, flags] { commands.run = [flags] { return RunSay(*flags); }; });
}

}  // namespace lips::cli
