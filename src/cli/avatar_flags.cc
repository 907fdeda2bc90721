#include "cli/avatar_flags.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace lips::cli {

std::optional<Path> Given(const std::string& text) { return text.empty() ? std::nullopt : std::optional<Path>(text); }

void NetworkFlags::Apply(CreateRequest& request) const {
  request.from = Given(from);
  request.generator = Given(weights);
  request.audio_encoder = Given(encoder);
  request.face_models = models;
  request.face_px = size;
  request.engine.threads = threads;
}

void AddNetworkFlags(CLI::App& command, NetworkFlags& flags) {
  command.add_option("--from", flags.from, "take the networks of this avatar");
  command.add_option("--weights", flags.weights, "generator network (.onnx, .pth) to put in");
  command.add_option("--audio-encoder", flags.encoder, "audio encoder network (.onnx, .pth) to put in");
  command.add_option("--size", flags.size, "what the network draws: 320 or 160 px; default: the generator's, else 320")
      ->check(CLI::IsMember({160, 320}));
  command.add_option("--face-models", flags.models, "folder with the face networks that ./dev setup fetches");
  command.add_option("--threads", flags.threads, "compute threads; 0: one per core")->check(CLI::Range(0, 1024));
}

void AddReportFlags(CLI::App& command, ReportFlags& flags) {
  command.add_flag("-q,--quiet", flags.quiet, "print errors only");
  command.add_flag("--json", flags.json, "machine-readable output");
}

void PrintReport(const ReportFlags& flags, const Json& report, const std::function<void()>& print) {
  if (flags.json) {
    std::printf("%s\n", report.Dump().c_str());
  } else if (!flags.quiet) {
    print();
  }
}

}  // namespace lips::cli
