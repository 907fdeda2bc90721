// lipstream render: avatar + audio -> talking video.
#include "render/render.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "base/memory.h"
#include "cli/app.h"
#include "cli/finish_flags.h"
#include "cli/progress.h"
#include "media/frame.h"

namespace lips::cli {
namespace {

struct Flags {
  JobFlags job;
  FinishFlags finish;
  std::string output, frames, fps, loop = "pingpong", report;
  std::string frames_format = "png";
  std::string cache_memory, sign, consent;
  int cache_level = 0;
  RenderRequest request;  // the rest is parsed straight into it
  bool no_audio = false, quiet = false, json = false;
};

// "2026-11-25T19:00:00Z"
std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

Result<RenderRequest> Resolve(const Flags& flags) {
  RenderRequest request = flags.request;
  ASSIGN_OR_RETURN(request.job, flags.job.Resolve());
  ASSIGN_OR_RETURN(request.finish, flags.finish.Resolve());
  if (!flags.output.empty()) request.video = flags.output;
  if (!flags.frames.empty()) request.frames_folder = flags.frames;
  request.frames_extension = flags.frames_format;
  if (!flags.fps.empty()) {
    ASSIGN_OR_RETURN(request.fps, ParseFrameRate(flags.fps));
  }
  if (!flags.cache_memory.empty()) {
    ASSIGN_OR_RETURN(request.cache_bytes, ParseByteSize(flags.cache_memory));
  }
  if (flags.cache_level != 0) request.cache_level = static_cast<TemplateLevel>(flags.cache_level);
  if (!flags.sign.empty()) request.sign = SignOptions{flags.sign, Now(), flags.consent};
  request.with_audio = !flags.no_audio;
  request.loop = flags.loop == "forward" ? Loop::kForward : Loop::kPingPong;
  request.stop = &Stop();
  return request;
}

void PrintSummary(const RenderReport& r, const Flags& flags) {
  const double seconds = static_cast<double>(r.frames) / r.fps.AsDouble();
  std::printf("%s: %lld frames, %dx%d, %.5g fps, %s of video\n",
              flags.output.empty() ? flags.frames.c_str() : flags.output.c_str(), static_cast<long long>(r.frames),
              r.width, r.height, r.fps.AsDouble(), ClockText(seconds).c_str());
  std::printf("took %s (%.1f fps, %.2fx real time), first frame after %.2f s, peak memory %lld MB\n",
              ClockText(r.wall_s).c_str(), r.frames_per_second(), r.wall_s > 0 ? seconds / r.wall_s : 0,
              r.first_frame_s, static_cast<long long>(r.peak_rss_bytes >> 20));
  if (r.frames_without_face > 0) {
    std::printf("%lld frames have no usable face and stay the template's\n",
                static_cast<long long>(r.frames_without_face));
  }
  std::printf("engine %s; audio encoder %s; %s inputs\n", r.engine.c_str(), r.audio_encoder.c_str(), r.inputs.c_str());
  if (r.templates.hits > 0) {
    std::printf("template cache: %lld of %lld frames, %lld MB\n", static_cast<long long>(r.templates.hits),
                static_cast<long long>(r.frames), static_cast<long long>(r.templates.bytes >> 20));
  }
  const auto stage = [](const char* name, const DurationStats& stats) {
    std::printf("  %-10s p50 %7.2f ms   p95 %7.2f   p99 %7.2f   first %7.2f\n", name, stats.Percentile(50),
                stats.Percentile(95), stats.Percentile(99), stats.first_ms());
  };
  stage("decode", r.decode);
  stage("features", r.features);
  stage("generate", r.generate);
  stage("composite", r.composite);
  if (r.finish.count() > 0) stage("finish", r.finish);
  stage("encode", r.encode);
}

Result<ExitCode> RunRender(const Flags& flags) {
  if (flags.output.empty() && flags.frames.empty()) {
    std::fputs("error: nothing to write: give -o FILE or --frames DIR; see 'lipstream render --help'\n", stderr);
    return kUsage;
  }
  if (!flags.report.empty()) {
    if (Path(flags.report).lexically_normal() == Path(flags.output).lexically_normal()) {
      std::fputs("error: --report and --output name the same file; see 'lipstream render --help'\n", stderr);
      return kUsage;
    }
    // Found out now rather than after an hour's render.
    RETURN_IF_ERROR(AtomicFile::Create(flags.report));
  }
  ASSIGN_OR_RETURN(RenderRequest request, Resolve(flags));
  Result<RenderReport> report = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("render", flags.quiet || flags.json);
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    report = Render(request);
  }
  if (!report.ok()) return std::move(report).TakeError();
  const Json json = report.value().ToJson();
  if (!flags.report.empty()) RETURN_IF_ERROR(WriteFileAtomically(flags.report, json.Dump() + "\n"));
  if (flags.json) {
    std::printf("%s\n", json.Dump().c_str());
  } else if (!flags.quiet) {
    PrintSummary(report.value(), flags);
  }
  return kOk;
}

}  // namespace

void AddRender(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(
      *commands.app, "render", "Make an avatar speak an audio file, as a video",
      "  lipstream render --avatar anna --audio speech.wav -o anna.mp4\n"
      "  lipstream render --avatar anna --audio talk.mp3 -o anna.mkv --crf 18 --preset slow --report anna.json\n"
      "  lipstream render --avatar anna --audio speech.wav -o anna.webm --key-colour '#00b140'\n"
      "  lipstream render --avatar anna --audio speech.wav -o anna.mp4 --key-colour green --background office.jpg\n"
      "  lipstream render --avatar anna --audio speech.wav --frames pictures --duration 2\n");
  AddJobFlags(*command, flags->job);
  AddCompositeFlag(*command, flags->job);
  AddSpeechFlags(*command, flags->job);
  AddFinishFlags(*command, flags->finish);
  RenderRequest& request = flags->request;
  command->add_option("-o,--output", flags->output, "video file to write; its extension chooses the container");
  command->add_option("--frames", flags->frames, "folder for numbered pictures, besides or instead of a video");
  command->add_option("--frames-format", flags->frames_format, "png (lossless) or jpg")
      ->check(CLI::IsMember({"png", "jpg"}))
      ->capture_default_str();
  command
      ->add_option("--codec", request.codec,
                   "video codec: h264, hevc, vp9, prores, ffv1, mjpeg; default: h264 (.webm: vp9), and with "
                   "transparency prores (.mov) or vp9")
      ->check(CLI::IsMember({"h264", "hevc", "vp9", "prores", "ffv1", "mjpeg"}));
  command->add_option("--crf", request.crf, "constant quality, lower is better")
      ->check(CLI::Range(0, 63))
      ->capture_default_str();
  command->add_option("--preset", request.preset, "encoder speed: ultrafast ... veryslow")
      ->check(CLI::IsMember(
          {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}))
      ->capture_default_str();
  command->add_option("--encoder-threads", request.encoder_threads, "0: the encoder decides")
      ->check(CLI::Range(0, 128))
      ->capture_default_str();
  command->add_option("--fps", flags->fps, "output frame rate (25, 29.97, 30000/1001); default: the template's")
      ->check([](const std::string& text) {
        const auto rate = ParseFrameRate(text);
        return rate.ok() ? std::string() : rate.error().message();
      });
  command->add_option("--loop", flags->loop, "template order: pingpong, forward")
      ->check(CLI::IsMember({"pingpong", "forward"}))
      ->capture_default_str();
  command->add_option("--start-frame", request.start_frame, "template frame shown first (the reference uses 1)")
      ->capture_default_str();
  command
      ->add_option(
          "--cache-memory", flags->cache_memory,
          "memory for template frames that come again (500M, 2G; 0: none), the device's where engine cuda runs; "
          "default: a quarter of what is available, at most 4G of this computer's")
      ->check([](const std::string& text) {
        const auto bytes = ParseByteSize(text);
        return bytes.ok() ? std::string() : bytes.error().message();
      });
  command
      ->add_option("--cache-level", flags->cache_level,
                   "how much of a template frame is kept: 1 (least) to 3; default: what saves most in that memory")
      ->check(CLI::Range(1, 3));
  command->add_option("--sign", flags->sign,
                      "private key (PEM) that signs a manifest beside the video, VIDEO.provenance.json");
  command->add_option("--consent", flags->consent, "note for that manifest: who agreed to this video")->needs("--sign");
  command->add_flag("--no-audio", flags->no_audio, "write no audio track");
  command->add_option("--report", flags->report, "write times, memory and hashes as JSON");
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->add_flag("--json", flags->json, "print the report as JSON instead of text");
  command->callback([&commands, flags] { commands.run = [flags] { return RunRender(*flags); }; });
}

}  // namespace lips::cli
