// lipstream verify: measures what was made, and says whether it is good enough.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "cli/app.h"
#include "cli/table.h"
#include "cli/verify_provenance.h"
#include "verify/pages.h"

namespace lips::cli {
namespace {

struct Flags {
  std::vector<std::string> inputs;
  std::string avatar, audio, reference, html, pictures, loop = "pingpong";
  std::vector<int> face;
  std::vector<std::string> limits;
  int worst = 3;
  int64_t start_frame = 0;
  EngineFlags engine;
  ProvenanceFlags provenance;
  bool json = false, quiet = false;

  Loop Order() const { return loop == "forward" ? Loop::kForward : Loop::kPingPong; }
  std::optional<Path> Pictures() const { return pictures.empty() ? std::nullopt : std::optional<Path>(pictures); }
};

// NAME=VALUE, checked when parsed.
std::pair<std::string, double> LimitOf(const std::string& text) {
  const size_t sign = text.rfind('=');
  double value = 0;
  std::from_chars(text.data() + sign + 1, text.data() + text.size(), value);
  return {text.substr(0, sign), value};
}

std::string CheckLimit(const std::string& text) {
  const size_t sign = text.rfind('=');
  const std::string problem = sign == std::string::npos ? "x" : CheckNonNegativeNumber(text.substr(sign + 1));
  return problem.empty() ? "" : "'" + text + "' is not NAME=NUMBER";
}

// Judges, prints, writes the page. `report` has ToJson() and `metrics`.
template <typename Report>
Result<ExitCode> Conclude(const Flags& flags, Report& report, std::vector<Metric>& metrics,
                          const std::function<ReportPage()>& page) {
  std::vector<std::pair<std::string, double>> limits;
  for (const std::string& text : flags.limits) limits.push_back(LimitOf(text));
  RETURN_IF_ERROR(SetLimits(limits, metrics));
  if (!flags.html.empty()) {
    ASSIGN_OR_RETURN(const std::string html, HtmlReport(page()));
    RETURN_IF_ERROR(WriteFileAtomically(flags.html, html));
  }
  if (flags.json) {
    std::printf("%s\n", report.ToJson().Dump().c_str());
  } else if (!flags.quiet) {
    Json::Array rows;
    for (const Metric& metric : metrics) {
      rows.push_back(Json::Object({{"measure", metric.name},
                                   {"value", ValueText(metric)},
                                   {"limit", LimitText(metric)},
                                   {"", metric.ok() ? "" : "FAILS"},
                                   {"worst frame", metric.worst_frame >= 0 ? Json(metric.worst_frame) : Json("")}}));
    }
    std::printf("%s", RowTable(rows, TableStyle::kText).c_str());
  }
  for (const Metric& metric : metrics) {
    if (metric.ok()) continue;
    const std::string where = metric.worst_frame >= 0 ? ", worst in frame " + std::to_string(metric.worst_frame) : "";
    std::fprintf(stderr, "not verified: %s is %s, wanted %s%s\n", metric.name.c_str(), ValueText(metric).c_str(),
                 LimitText(metric).c_str(), where.c_str());
  }
  return AllOk(metrics) ? kOk : kNotVerified;
}

Result<ExitCode> VerifyTwo(const Flags& flags) {
  if (IsTensorFile(flags.inputs[0]) || IsTensorFile(flags.inputs[1])) {
    ASSIGN_OR_RETURN(TensorReport report, CompareTensors(flags.inputs[0], flags.inputs[1]));
    return Conclude(flags, report, report.metrics, [&] { return PageOf(report); });
  }
  CompareRequest request;
  request.a = flags.inputs[0];
  request.b = flags.inputs[1];
  if (!flags.avatar.empty()) request.avatar = flags.avatar;
  if (flags.face.size() == 4) {
    request.face = Rect{flags.face[0], flags.face[1], flags.face[2] - flags.face[0], flags.face[3] - flags.face[1]};
  }
  request.start_frame = flags.start_frame;
  request.loop = flags.Order();
  request.worst = flags.worst;
  request.pictures = flags.Pictures();
  request.stop = &Stop();
  ASSIGN_OR_RETURN(CompareReport report, Compare(request));
  return Conclude(flags, report, report.metrics, [&] { return PageOf(request, report); });
}

Result<ExitCode> VerifyTalk(const Flags& flags) {
  TalkRequest request;
  request.video = flags.inputs[0];
  request.avatar = flags.avatar;
  if (!flags.audio.empty()) request.audio = flags.audio;
  if (!flags.reference.empty()) request.reference = flags.reference;
  request.start_frame = flags.start_frame;
  request.loop = flags.Order();
  request.worst = flags.worst;
  request.pictures = flags.Pictures();
  request.stop = &Stop();
  ASSIGN_OR_RETURN(TalkReport report, MeasureTalk(request));
  return Conclude(flags, report, report.measures.metrics, [&] { return PageOf(report); });
}

Result<ExitCode> VerifyAvatar(const Flags& flags) {
  AvatarProofRequest request;
  request.job.avatar = flags.avatar;
  request.job.audio = flags.audio;
  ASSIGN_OR_RETURN(request.job.engine, flags.engine.Resolve());
  request.stop = &Stop();
  if (!flags.quiet) {
    request.progress = [](const std::string& step) { std::fprintf(stderr, "verifying %s\n", step.c_str()); };
  }
  ASSIGN_OR_RETURN(AvatarProof proof, ProveAvatar(request));
  return Conclude(flags, proof, proof.metrics, [&] { return PageOf(proof); });
}

Result<ExitCode> RunVerify(const Flags& flags) {
  if (flags.provenance.wanted && flags.inputs.size() == 1) {
    return VerifyProvenance(flags.provenance, flags.inputs.front(), flags.json, flags.quiet);
  }
  if (flags.provenance.wanted) {
    std::fputs("error: --provenance takes one video; see 'lipstream verify --help'\n", stderr);
    return kUsage;
  }
  if (flags.inputs.size() == 2) return VerifyTwo(flags);
  if (!flags.avatar.empty()) return flags.inputs.empty() ? VerifyAvatar(flags) : VerifyTalk(flags);
  std::fputs(
      "error: nothing to verify: give two files, --avatar, or a video and --avatar; see 'lipstream verify --help'\n",
      stderr);
  return kUsage;
}

}  // namespace

void AddVerify(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      AddCommand(*commands.app, "verify", "Measure a video, an avatar or two files; exit 3 when a limit does not hold",
                 "  lipstream verify anna.mp4 --avatar anna --audio speech.wav --html anna.html\n"
                 "  lipstream verify a.mp4 b.mp4 --avatar anna --limit 'mouth psnr=40' --pictures worst\n"
                 "  lipstream verify --avatar anna --engine cpu\n"
                 "  lipstream verify --provenance anna.mp4 --key anna.pub\n"
                 "  lipstream verify mel.npy other.npy --limit 'mel.npy error=1e-5'\n");
  command
      ->add_option("inputs", flags->inputs,
                   "one video (or folder of pictures), or two files to hold against each other")
      ->expected(0, 2);
  command->add_option("-a,--avatar", flags->avatar, "avatar package: a folder or a pack (.lips)");
  command->add_option("--audio", flags->audio, "what the mouth should follow; default: the video's own sound");
  command->add_option("--reference", flags->reference,
                      "another video of the avatar, of a mouth that speaks as it should: tremor is judged by it");
  command->add_option("--face", flags->face, "where the face is, without an avatar: X1,Y1,X2,Y2")
      ->delimiter(',')
      ->expected(4);
  command->add_option("--loop", flags->loop, "template order: pingpong, forward")
      ->check(CLI::IsMember({"pingpong", "forward"}))
      ->capture_default_str();
  command->add_option("--start-frame", flags->start_frame, "template frame shown first")->capture_default_str();
  command->add_option("--limit", flags->limits, "NAME=NUMBER: another limit for a measure")->check(CheckLimit);
  command->add_option("--worst", flags->worst, "how many of the worst frames to show")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_option("--pictures", flags->pictures, "folder for them, side by side, as PNG");
  command->add_option("--html", flags->html, "write a report with plots and pictures, in one file");
  AddProvenanceFlags(*command, flags->provenance);
  AddEngineFlags(*command, flags->engine);
  command->add_flag("-q,--quiet", flags->quiet, "print failures only");
  command->add_flag("--json", flags->json, "print the report as JSON instead of text");
  command->callback([&commands, flags] { commands.run = [flags] { return RunVerify(*flags); }; });
}

}  // namespace lips::cli
