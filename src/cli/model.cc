// lipstream model info|check: look at a network, compare an engine with an expected output; convert is next door.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"
#include "cli/table.h"
#include "engine/cuda/generator.h"
#include "engine/model_check.h"
#include "model/info.h"
#include "model/tflite.h"

namespace lips::cli {
namespace {

Json EngineSupport(const Graph& graph) {
  Json engines = Json::Object();
  for (const Backend backend : {Backend::kCpu, Backend::kCuda, Backend::kReference, Backend::kOnnxRuntime}) {
    const std::string missing = FirstUnsupported(graph, backend);
    std::string text = missing.empty() ? "yes" : "no: " + missing;
    if (backend == Backend::kCuda && missing.empty()) {
      const auto device = CudaDevice();
      text = device.ok() ? "yes: " + device.value() : "not here: " + device.error().message();
    }
    if (backend == Backend::kOnnxRuntime) {
      const auto version = OnnxRuntimeVersion();
      if (!version.ok()) text = "not installed: " + version.error().message();
    }
    engines.Set(Name(backend), text);
  }
  for (const Provider provider : {Provider::kCuda, Provider::kTensorRt}) {
    const auto device = ProviderDevice(provider);
    engines.Set("ort " + std::string(Name(provider)),
                device.ok() ? "yes: " + device.value() : "no: " + device.error().message());
  }
  return engines;
}

struct InfoFlags {
  std::string model;
  bool json = false;
};

Result<ExitCode> RunInfo(const InfoFlags& flags) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(flags.model));
  ASSIGN_OR_RETURN(const Graph graph, ReadNetwork(file));
  Json info = ModelInfo(graph);
  if (flags.json) {
    info.Set("engines", EngineSupport(graph));
    std::printf("%s\n", info.Dump().c_str());
  } else {
    std::fputs(FormatModelInfo(info).c_str(), stdout);
    std::fputs(FactTable(Json::Object({{"engines", EngineSupport(graph)}})).c_str(), stdout);
  }
  return kOk;
}

struct CheckFlags {
  std::string model;
  std::vector<std::string> inputs, expected;
  EngineFlags engine;
  double tolerance = 1e-4;
  bool json = false;
};

Result<ModelCheckRequest> Resolve(const CheckFlags& flags) {
  ModelCheckRequest request;
  request.model = flags.model;
  for (const std::string& input : flags.inputs) {
    const size_t equals = input.find('=');
    request.inputs.emplace_back(input.substr(0, equals), input.substr(equals + 1));
  }
  for (const std::string& path : flags.expected) request.expected.emplace_back(path);
  ASSIGN_OR_RETURN(const GeneratorOptions options, flags.engine.Resolve());
  request.session = options.session;
  return request;
}

Result<ExitCode> RunCheck(const CheckFlags& flags) {
  ASSIGN_OR_RETURN(const ModelCheckRequest request, Resolve(flags));
  ASSIGN_OR_RETURN(const auto outputs, CheckModel(request));
  Json list = Json::Array{};
  const OutputComparison* failed = nullptr;
  for (const OutputComparison& o : outputs) {
    const bool ok = o.max_abs <= flags.tolerance;  // false for NaN too
    if (!ok && failed == nullptr) failed = &o;
    list.Append(Json::Object({{"output", o.output},
                              {"shape", ToString(o.dims)},
                              {"max_abs", o.max_abs},
                              {"rmse", o.rmse},
                              {"psnr_db", o.psnr_db},
                              {"worst_index", o.worst_index},
                              {"ok", ok}}));
    if (!flags.json) {
      std::printf("%-5s %s %s: max abs %.3g, RMSE %.3g, PSNR %.1f dB\n", ok ? "ok" : "DIFF", o.output.c_str(),
                  ToString(o.dims).c_str(), o.max_abs, o.rmse, o.psnr_db);
    }
  }
  if (flags.json) {
    std::printf(
        "%s\n",
        Json::Object({{"ok", failed == nullptr}, {"tolerance", flags.tolerance}, {"outputs", list}}).Dump().c_str());
  }
  if (failed == nullptr) return kOk;
  std::fprintf(stderr, "error: output '%s' differs by %.3g at element %lld; %.3g is allowed\n", failed->output.c_str(),
               failed->max_abs, static_cast<long long>(failed->worst_index), flags.tolerance);
  return kNotVerified;
}

}  // namespace

void AddModel(Commands& commands) {
  CLI::App* model = commands.app->add_subcommand("model", "Look at networks");
  model->require_subcommand(1);

  auto info = std::make_shared<InfoFlags>();
  CLI::App* info_command = AddCommand(*model, "info", "Inputs, operators, parameters, cost, and which engines run it",
                                      "  lipstream model info model.onnx\n");
  info_command->add_option("model", info->model, "ONNX file")->required();
  info_command->add_flag("--json", info->json, "machine-readable output");
  info_command->callback([&commands, info] { commands.run = [info] { return RunInfo(*info); }; });

  auto check = std::make_shared<CheckFlags>();
  CLI::App* check_command = AddCommand(
      *model, "check", "Compare an engine's output with an expected one; exit 3 when they differ",
      "  lipstream model check model.onnx --input input=x.npy --input audio=a.npy --expect y.npy --engine ort\n");
  check_command->add_option("model", check->model, "ONNX file")->required();
  check_command->add_option("--input", check->inputs, "NAME=FILE.npy, once per graph input")
      ->required()
      ->check([](const std::string& text) {
        const size_t equals = text.find('=');
        const bool pair = equals != std::string::npos && equals > 0 && equals + 1 < text.size();
        return pair ? std::string() : "'" + text + "' is not NAME=FILE.npy";
      });
  check_command->add_option("--expect", check->expected,
                            "NPY per graph output, in order; default: what the reference engine computes");
  check_command->add_option("--tolerance", check->tolerance, "largest allowed absolute difference")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  check_command->add_flag("--json", check->json, "machine-readable output");
  check->engine.auto_is_exact = true;
  AddEngineFlags(*check_command, check->engine);
  check_command->callback([&commands, check] { commands.run = [check] { return RunCheck(*check); }; });
  AddModelConvert(commands, *model);
}

}  // namespace lips::cli
