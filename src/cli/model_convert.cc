// lipstream model convert: a PyTorch checkpoint of the family as ONNX, without PyTorch.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"
#include "model/binding.h"
#include "model/family_state.h"
#include "model/half_weights.h"
#include "model/info.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "model/weights.h"

namespace lips::cli {
namespace {

struct ConvertFlags {
  std::string checkpoint, output;
  bool half = false, hubert = false;
};

Result<std::string> DescribeBinding(const Graph& graph) {
  const auto generator = BindGenerator(graph);
  if (generator.ok()) return "generator: " + Describe(graph, generator.value());
  ASSIGN_OR_RETURN(const EncoderBinding encoder, BindEncoder(graph));
  return "audio encoder: " + Describe(graph, encoder);
}

Result<Graph> Convert(const ConvertFlags& flags, const FilePart& file) {
  ASSIGN_OR_RETURN(StateDict state, ReadPth(file));
  auto graph = FamilyGraph(std::move(state), flags.hubert);
  if (!graph.ok()) return std::move(graph).TakeError().Within(file.name());
  RETURN_IF_ERROR(CheckWeights(graph.value()));
  return graph;
}

Result<ExitCode> RunConvert(const ConvertFlags& flags) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(flags.checkpoint));
  ASSIGN_OR_RETURN(Graph graph, Convert(flags, file));
  ASSIGN_OR_RETURN(const std::string binding, DescribeBinding(graph));
  const int64_t parameters = ModelInfo(graph).Find("parameters")->as_int();
  if (flags.half) {
    ASSIGN_OR_RETURN(graph, StoreWeightsAsHalf(graph));
  }
  RETURN_IF_ERROR(WriteOnnx(flags.output, graph));
  std::printf("%s: %s\n%lld parameters, normalisations folded, stored as %s\n", flags.output.c_str(), binding.c_str(),
              static_cast<long long>(parameters), flags.half ? "f16" : "f32");
  return kOk;
}

}  // namespace

void AddModelConvert(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = AddCommand(parent, "convert", "Write a PyTorch checkpoint of the family as ONNX",
                                 "  lipstream model convert checkpoint.pth -o generator.onnx --half\n");
  command->add_option("checkpoint", flags->checkpoint, "what torch.save wrote: a state dict, also within a dict")
      ->required();
  command->add_option("-o,--output", flags->output, "ONNX file to write")->required();
  command->add_flag("--half", flags->half, "store the weights as f16, in half the bytes");
  command->add_flag("--hubert", flags->hubert, "the audio input is [32,32,32] (HuBERT); weights cannot tell");
  command->callback([&commands, flags] { commands.run = [flags] { return RunConvert(*flags); }; });
}

}  // namespace lips::cli
