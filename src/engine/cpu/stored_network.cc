#include "engine/cpu/stored_network.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/cpu.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/cpu/mixed_precision.h"
#include "model/fused.h"
#include "model/onnx.h"
#include "model/shape.h"

namespace lips::cpu {
namespace {

// Names the order of the weights and what Compile makes of a graph: another one, and what was stored is not used.
constexpr std::string_view kFormat = "cpu-3";

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Which inputs of a node are multiplied as matrices, and so stored packed.
std::vector<size_t> MatrixInputs(const Node& node) {
  if (node.op == kFusedConv && node.Int("group", 1) == 1) return {1};
  if (node.op == kInvertedResidual) return {kIrWe, kIrWy, kIrWp};
  return {};
}

// The structure of `graph`: matrices become inputs, after its own, and keep only their shapes.
Graph Hollow(const Graph& graph) {
  std::set<ValueId> matrices, others;
  for (const Node& node : graph.nodes) {
    const std::vector<size_t> places = MatrixInputs(node);
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue || graph.Constant(node.inputs[k]) == nullptr) continue;
      (std::ranges::count(places, k) > 0 ? matrices : others).insert(node.inputs[k]);
    }
  }
  Graph hollow = graph.Clone();
  for (const ValueId matrix : matrices) {
    if (others.contains(matrix)) continue;
    hollow.constants.erase(matrix);
    hollow.inputs.push_back(matrix);
  }
  return hollow;
}

Error Contradiction(const std::string& what) { return Error(ErrorCode::kCorrupted, "packed network: " + what); }

// What Hollow made, with `inputs` inputs of its own.
Result<Graph> ReadHollow(const GeneratorOptions& options, std::string_view part, size_t inputs) {
  ASSIGN_OR_RETURN(const OwnedBytes bytes, options.stored(part));
  auto graph = ParseOnnx(bytes.bytes);
  if (!graph.ok()) return std::move(graph).TakeError().Within("packed network, part '" + std::string(part) + "'");
  std::vector<Dims> dims;
  for (const ValueId input : graph.value().inputs)
    dims.push_back(graph.value().values[static_cast<size_t>(input)].dims);
  ASSIGN_OR_RETURN(Graph inferred, InferShapes(graph.value(), dims));
  if (inferred.inputs.size() < inputs) return Contradiction("part '" + std::string(part) + "' lacks inputs");
  inferred.inputs.resize(inputs);
  return inferred;
}

const Dims& DimsOf(const Graph& graph, ValueId value) { return graph.values[static_cast<size_t>(value)].dims; }

// The binding that the stored graphs show. Errors: kCorrupted when head and tail do not fit each other or are no
// generator.
Result<GeneratorBinding> Bind(const CutNetwork& network) {
  const Graph& head = network.split.head;
  const Graph& tail = network.split.tail;
  const size_t crossing = head.outputs.size();
  for (size_t i = 0; i < crossing; ++i) {
    if (DimsOf(head, head.outputs[i]) != DimsOf(tail, tail.inputs[i])) {
      return Contradiction("the tail takes other maps than the head gives");
    }
  }
  GeneratorBinding binding;
  const Dims& image = DimsOf(head, head.inputs[0]);
  const Dims& audio = DimsOf(tail, tail.inputs.back());
  const bool square = image.size() == 4 && image[0] == 1 && image[1] == 6 && image[2] == image[3] &&
                      (image[2] == 160 || image[2] == 320);
  if (!square || audio.size() != 4 || audio[0] != 1 || tail.outputs.size() != 1 ||
      DimsOf(tail, tail.outputs[0]) != Dims{1, 3, image[2], image[2]} ||
      (network.pictures && DimsOf(tail, tail.inputs[crossing]) != image)) {
    return Contradiction("the parts are no generator of mouths");
  }
  binding.size_px = static_cast<int>(image[2]);
  binding.audio_dims = {audio.begin() + 1, audio.end()};
  return binding;
}

std::string TextAt(const Json& facts, std::string_view key) {
  const Json* value = facts.Find(key);
  return value != nullptr ? value->as_string() : "";
}

int64_t IntAt(const Json& facts, std::string_view key) {
  const Json* value = facts.Find(key);
  return value != nullptr && value->is_int() ? value->as_int() : -1;
}

// Why a stored network is not what the options and this machine ask for; empty when it is.
std::string Mismatch(const Json& facts, const GeneratorOptions& options) {
  if (TextAt(facts, "format") != kFormat) return "it is of another version of the engine";
  if (IntAt(facts, "level") != static_cast<int>(options.template_level)) return "it is of another cache level";
  const std::string mode = TextAt(facts, "mode");
  switch (options.session.precision) {
    case Precision::kAuto:
      // What was chosen there is chosen here only where the same instructions are.
      if (TextAt(facts, "asked") == "auto" && TextAt(facts, "isa") == lips::Name(ActiveIsa())) break;
      return "precision auto may choose another one here";
    default:
      if (mode != lips::Name(options.session.precision)) return "it is in " + mode;
  }
  if (options.prove && TextAt(facts, "isa") != lips::Name(ActiveIsa()))
    return "it was not proven on a CPU like this one";
  return {};
}

Result<Json> ReadFacts(const GeneratorOptions& options) {
  ASSIGN_OR_RETURN(const OwnedBytes bytes, options.stored(kFactsPart));
  auto facts = ParseJson(TextOf(bytes.bytes));
  if (!facts.ok()) return std::move(facts).TakeError().Within("packed network, part 'facts'");
  return facts;
}

}  // namespace

Result<NetworkParts> StoreNetwork(const CutNetwork& network, const OpenedNetwork& opened,
                                  const GeneratorOptions& options) {
  const PrecisionChoice& choice = opened.choice;
  std::vector<uint8_t> weights;
  CompileOptions compile = choice.compile_options();
  compile.store = &weights;
  RETURN_IF_ERROR(ProgramPair::Make(network, compile, Port::kBgr));
  Json facts = Json::Object({{"format", kFormat},
                             {"level", static_cast<int>(options.template_level)},
                             {"asked", lips::Name(options.session.precision)},
                             {"isa", lips::Name(ActiveIsa())},
                             {"mode", Name(choice.mode)},
                             {"key", choice.key},
                             {"reason", choice.reason},
                             {"hash", opened.graph_hash},
                             {"network", opened.description},
                             {"crossing", network.split.head.outputs.size()},
                             {"pictures", network.pictures}});
  if (choice.mode == Mode::kInt8) facts.Set("mixed", WriteMixedPrecision(choice.mixed));
  NetworkParts parts;
  const std::string text = facts.Dump() + "\n";
  const auto bytes = BytesOf(text);
  parts.emplace(kFactsPart, std::vector<uint8_t>(bytes.begin(), bytes.end()));
  ASSIGN_OR_RETURN(auto head, SerializeOnnx(Hollow(network.split.head)));
  parts.emplace(kHeadPart, std::move(head));
  ASSIGN_OR_RETURN(auto tail, SerializeOnnx(Hollow(network.split.tail)));
  parts.emplace(kTailPart, std::move(tail));
  parts.emplace(kWeightsPart, std::move(weights));
  return parts;
}

Result<std::optional<OpenedNetwork>> OpenStoredNetwork(const GeneratorOptions& options) {
  ASSIGN_OR_RETURN(const Json facts, ReadFacts(options));
  if (const std::string why = Mismatch(facts, options); !why.empty()) {
    Log(LogLevel::kInfo, "the packed network is not used", {{"why", why}});
    return std::optional<OpenedNetwork>();
  }
  OpenedNetwork opened;
  opened.graph_hash = TextAt(facts, "hash");
  opened.description = TextAt(facts, "network");
  PrecisionChoice& choice = opened.choice;
  const std::string mode = TextAt(facts, "mode");
  choice.mode = mode == Name(Mode::kInt8) ? Mode::kInt8 : mode == Name(Mode::kBf16) ? Mode::kBf16 : Mode::kF32;
  choice.key = TextAt(facts, "key");
  choice.reason = TextAt(facts, "reason");
  if (choice.mode == Mode::kInt8) {
    auto mixed = ReadMixedPrecision(TextAt(facts, "mixed"));
    if (!mixed) return Contradiction("the calibration for 8 bits cannot be read");
    choice.mixed = *std::move(mixed);
  }
  CutNetwork network;
  const Json* pictures = facts.Find("pictures");
  network.pictures = pictures != nullptr && pictures->as_bool();
  const int64_t crossing = IntAt(facts, "crossing");
  if (crossing < 1 || crossing > 64) return Contradiction(std::to_string(crossing) + " maps cross");
  ASSIGN_OR_RETURN(network.split.head, ReadHollow(options, kHeadPart, 1));
  ASSIGN_OR_RETURN(network.split.tail,
                   ReadHollow(options, kTailPart, static_cast<size_t>(crossing) + (network.pictures ? 2 : 1)));
  if (static_cast<int64_t>(network.split.head.outputs.size()) != crossing) {
    return Contradiction("the head gives " + std::to_string(network.split.head.outputs.size()) +
                         " maps, the tail takes " + std::to_string(crossing));
  }
  ASSIGN_OR_RETURN(network.binding, Bind(network));
  ASSIGN_OR_RETURN(const OwnedBytes bytes, options.stored(kWeightsPart));
  PackedWeights weights(bytes);
  CompileOptions compile = choice.compile_options();
  compile.stored = &weights;
  auto pair = ProgramPair::Make(network, compile, Port::kBgr);
  if (!pair.ok()) return std::move(pair).TakeError().Within("packed network");
  if (weights.left() != 0) return Contradiction(std::to_string(weights.left()) + " bytes of weights are left over");
  opened.pair = std::move(pair).value();
  opened.binding = network.binding;
  opened.pictures = network.pictures;
  return std::optional<OpenedNetwork>(std::move(opened));
}

}  // namespace lips::cpu
