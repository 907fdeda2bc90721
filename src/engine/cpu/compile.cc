#include "engine/cpu/compile.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/cpu/arrange.h"
#include "engine/cpu/boundary.h"
#include "engine/cpu/compiled_weights.h"
#include "engine/cpu/convolution.h"
#include "engine/cpu/depthwise.h"
#include "engine/cpu/fused_conv.h"
#include "engine/cpu/plain.h"
#include "engine/cpu/residual.h"
#include "engine/cpu/residual_weights.h"
#include "model/fused.h"

namespace lips::cpu {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 28;  // of one map

bool IsView(const Node& node) {
  return node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" || node.op == "Unsqueeze" ||
         node.op == "Identity";
}

// [N,C,H,W] to [N,H,W,C].
bool IsToFlat(const Node& node) {
  return node.op == "Transpose" && node.Ints("perm") == std::vector<int64_t>{0, 2, 3, 1};
}

const Dims& DimsOf(const Graph& graph, ValueId value) { return graph.values[static_cast<size_t>(value)].dims; }
const std::string& NameOf(const Graph& graph, ValueId value) { return graph.values[static_cast<size_t>(value)].name; }

class Compiler {
 public:
  Compiler(const Graph& graph, const CompileOptions& options)
      : graph_(graph), options_(options), weights_(graph, options.stored, options.store) {}

  Result<Compiled> Run() {
    FindReaders();
    RETURN_IF_ERROR(AddInputs());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) RETURN_IF_ERROR(AddNode(static_cast<int>(i)));
    RETURN_IF_ERROR(AddOutputs());
    compiled_.program = Program(std::move(maps_), std::move(steps_));
    compiled_.program.weight_bytes = weights_.bytes();
    return std::move(compiled_);
  }

 private:
  static size_t size(int64_t n) { return static_cast<size_t>(n); }

  Mode ModeOf(const Node& node) const {
    const auto found = options_.exceptions.find(NameOf(graph_, node.outputs[0]));
    return found != options_.exceptions.end() ? found->second : options_.mode;
  }
  Port InputPort(size_t i) const { return i < options_.inputs.size() ? options_.inputs[i] : Port::kPlanes; }
  Port OutputPort(size_t i) const { return i < options_.outputs.size() ? options_.outputs[i] : Port::kPlanes; }

  Error Unsupported(int node, const std::string& why) const {
    return Error(ErrorCode::kUnsupported, Describe(graph_, node) + " " + why);
  }

  // Whether it is what the network is given, not what another part of it made.
  bool IsGiven(ValueId value) const {
    const auto at = std::ranges::find(graph_.inputs, value);
    return at != graph_.inputs.end() && InputPort(size(at - graph_.inputs.begin())) != Port::kMap;
  }

  // Who multiplies each value with weights, and how often it is read at all.
  void FindReaders() {
    multiplied_.resize(graph_.values.size());
    readers_.assign(graph_.values.size(), 0);
    for (const Node& node : graph_.nodes) {
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        if (node.inputs[k] == kNoValue) continue;
        const size_t value = size(node.inputs[k]);
        ++readers_[value];
        const bool matrix = node.op == kFusedConv ? k == 0 && node.Int("group", 1) == 1
                                                  : node.op == kInvertedResidual && (k == kIrX || k == kIrY);
        if (matrix) multiplied_[value].insert(ModeOf(node));
      }
    }
    for (const ValueId output : graph_.outputs) ++readers_[size(output)];
  }

  // The type in which a value is stored: what its matrix readers take where they agree.
  kernels::NumberType TypeOf(ValueId value) const {
    const std::set<Mode>& modes = multiplied_[size(value)];
    if (modes.size() == 1) return InputType(*modes.begin());
    if (modes.contains(Mode::kF32)) return kernels::NumberType::kF32;
    if (modes.empty()) return options_.mode == Mode::kF32 ? kernels::NumberType::kF32 : kernels::NumberType::kBf16;
    return kernels::NumberType::kBf16;
  }

  Result<MapId> AddMap(ValueId value, std::optional<kernels::NumberType> type = {}) {
    const Dims& dims = DimsOf(graph_, value);
    if (dims.size() != 4) {
      return Error(ErrorCode::kUnsupported,
                   "'" + NameOf(graph_, value) + "' is " + ToString(dims) + ", engine cpu has maps [N,C,H,W]");
    }
    if (const auto count = ElementCount(dims); !count.ok() || count.value() > kMostElements) {
      return Error(ErrorCode::kResourceLimit,
                   "'" + NameOf(graph_, value) + "' is " + ToString(dims) + ", more than engine cpu takes");
    }
    Map map;
    map.images = static_cast<int>(dims[0]);
    map.channels = static_cast<int>(dims[1]);
    map.height = static_cast<int>(dims[2]);
    map.width = static_cast<int>(dims[3]);
    map.type = type.value_or(TypeOf(value));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (graph_.outputs[i] != value || OutputPort(i) != Port::kMap) continue;
      map.external = true;
      if (i >= options_.output_maps.size()) continue;
      map.type = options_.output_maps[i].type;
      map.quantisation = options_.output_maps[i].quantisation;
    }
    if (map.quantisation.empty() && multiplied_[size(value)].contains(Mode::kInt8)) {
      ASSIGN_OR_RETURN(map.quantisation, Levels(NameOf(graph_, value), map.padded()));
    }
    return Keep(std::move(map), NameOf(graph_, value));
  }

  MapId Keep(Map map, std::string name) {
    maps_.push_back(std::move(map));
    compiled_.map_names.resize(maps_.size());
    compiled_.map_names.back() = std::move(name);
    return static_cast<MapId>(maps_.size() - 1);
  }

  Result<QuantisationTable> Levels(const std::string& name, int padded) const {
    if (options_.calibration != nullptr) {
      const auto range = options_.calibration->values.find(name);
      if (range != options_.calibration->values.end()) return Quantise(range->second, padded);
    }
    return Error(ErrorCode::kInvalidInput, "'" + name + "' has not been calibrated, so it cannot be stored in 8 bits");
  }

  MapId MapOf(ValueId value) const {
    if (value == kNoValue) return kNoMap;
    const auto found = map_of_.find(value);
    return found == map_of_.end() ? kNoMap : found->second;
  }

  MapId FlatOf(ValueId value) const {
    const auto found = flat_of_.find(value);
    return found == flat_of_.end() ? kNoMap : found->second;
  }

  Status AddInputs() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const ValueId value = graph_.inputs[i];
      ASSIGN_OR_RETURN(const MapId map, AddMap(value));
      map_of_[value] = map;
      if (InputPort(i) == Port::kMap) {
        maps_[size(map)].external = true;
        compiled_.inputs.push_back(map);
        continue;
      }
      Map outside = maps_[size(map)];
      outside.type = kernels::NumberType::kF32;
      outside.external = true;
      const MapId port = Keep(outside, {});
      compiled_.inputs.push_back(port);
      if (InputPort(i) == Port::kFaces) {
        if (outside.channels != 6 || outside.images != 1) {
          return Error(ErrorCode::kUnsupported, "a face has six channels, not " + std::to_string(outside.channels));
        }
        steps_.push_back(MakeFromFaces(port, map, maps_));
      } else {
        steps_.push_back(MakeFromPlanes(port, map, maps_));
      }
    }
    return {};
  }

  Status AddNode(int index) {
    const Node& node = graph_.nodes[size(index)];
    if (node.op == kFusedConv) return AddConvolution(index, node);
    if (node.op == kInvertedResidual) return AddResidual(index, node);
    if (IsView(node) && MapOf(node.inputs[0]) != kNoMap && FeedsOutputsOnly(node.outputs[0])) {
      map_of_[node.outputs[0]] = MapOf(node.inputs[0]);
      return {};
    }
    if (IsView(node) && FlatOf(node.inputs[0]) != kNoMap) {
      flat_of_[node.outputs[0]] = FlatOf(node.inputs[0]);
      return {};
    }
    const bool flat = std::ranges::any_of(node.inputs, [this](ValueId input) { return FlatOf(input) != kNoMap; });
    if (flat || IsToFlat(node)) return AddFlat(index, node);
    if (!IsPlain(node.op)) return Unsupported(index, "is not an operator of engine cpu");
    PlainNode plain = {.graph = graph_, .node = node};
    for (const ValueId input : node.inputs) plain.inputs.push_back(MapOf(input));
    ASSIGN_OR_RETURN(plain.out, AddMap(node.outputs[0]));
    map_of_[node.outputs[0]] = plain.out;
    return AddStep(index, MakePlain(plain, maps_));
  }

  Status AddStep(int index, Result<std::unique_ptr<Step>> step) {
    if (!step.ok()) return Unsupported(index, step.error().message());
    steps_.push_back(std::move(step).value());
    return {};
  }

  // What makes a flat map (arrange.h).
  Status AddFlat(int index, const Node& node) {
    const Dims& dims = DimsOf(graph_, node.outputs[0]);
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
    if (count > kMostElements || count < 1) {
      return Error(ErrorCode::kResourceLimit,
                   Describe(graph_, index) + " makes " + ToString(dims) + ", more than engine cpu takes");
    }
    PlainNode plain = {.graph = graph_, .node = node};
    for (const ValueId input : node.inputs) plain.inputs.push_back(FlatOf(input));
    const MapId picture = IsToFlat(node) ? MapOf(node.inputs[0]) : kNoMap;
    const bool known = IsToFlat(node) ? picture != kNoMap : node.op == "Concat" || IsElementwise(node.op);
    if (!known) return Unsupported(index, "is not an operator of engine cpu for tensors that are no pictures");
    Map map;
    map.channels = static_cast<int>(count);
    plain.out = Keep(std::move(map), {});
    flat_of_[node.outputs[0]] = plain.out;
    if (picture != kNoMap) return AddStep(index, MakeFlat(picture, plain.out, maps_));
    return AddStep(index, node.op == "Concat" ? MakePlainFlatConcat(plain, maps_) : MakePlain(plain, maps_));
  }

  bool FeedsOutputsOnly(ValueId value) const {
    const auto outputs = std::ranges::count(graph_.outputs, value);
    int views = 0;
    for (const Node& node : graph_.nodes) {
      if (IsView(node) && !node.inputs.empty() && node.inputs[0] == value && FeedsOutputsOnly(node.outputs[0])) ++views;
    }
    return readers_[size(value)] == outputs + views;
  }

  // The graph output `value` is, if it is to become bytes and nobody else reads it.
  bool BecomesBytes(ValueId value) const {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (graph_.outputs[i] == value && OutputPort(i) == Port::kBgr) return readers_[size(value)] == 1;
    }
    return false;
  }

  Status AddConvolution(int index, const Node& node) {
    const Dims* weight_dims = weights_.DimsOf(node.inputs[1]);
    const MapId x = MapOf(node.inputs[0]);
    if (weight_dims == nullptr || x == kNoMap) return Unsupported(index, "has weights only the run would tell");
    const bool has_addend = node.inputs.size() > 3 && node.inputs[3] != kNoValue;
    const MapId addend = has_addend ? MapOf(node.inputs[3]) : kNoMap;
    if (has_addend && addend == kNoMap) return Unsupported(index, "adds what engine cpu does not make");
    if (node.Int("group", 1) != 1) return AddDepthwise(index, node, addend);
    const Dims& dims = *weight_dims;
    const std::string_view activation = node.String("activation", "");
    ConvolutionSpec spec;
    spec.key = static_cast<int>(compiled_.step_names.size());
    compiled_.step_names.push_back(NameOf(graph_, node.outputs[0]));
    spec.mode = ModeOf(node);
    spec.x = x;
    spec.addend = addend;
    if (!ReadWindow(node, dims, spec)) return Unsupported(index, "is not two-dimensional");
    std::span<const float> bias;
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
      ASSIGN_OR_RETURN(bias, weights_.Numbers(node.inputs[2], size(dims[0])));
    }
    const Dims& out_dims = DimsOf(graph_, node.outputs[0]);
    ASSIGN_OR_RETURN(const int64_t weight_count, ElementCount(dims));
    spec.macs = static_cast<double>(out_dims[0] * out_dims[2] * out_dims[3]) * static_cast<double>(weight_count);
    if (activation == "Sigmoid" && BecomesBytes(node.outputs[0])) {
      if (dims[0] != 3 || dims[2] != 1 || dims[3] != 1 || out_dims[0] != 1)
        return Unsupported(index, "does not end in pixels");
      return AddHead(index, node, std::move(spec), bias);
    }
    spec.activation = ReadActivation(node);
    const QuantisationTable& levels = maps_[size(x)].quantisation;
    if (spec.mode == Mode::kF32 && IsGiven(node.inputs[0]) && dims[1] * dims[2] * dims[3] < kernels::kChannelBlock) {
      ASSIGN_OR_RETURN(spec.matrix,
                       weights_.PackWide(node.inputs[1], node.inputs.size() > 2 ? node.inputs[2] : kNoValue));
    } else if (dims[2] == 1 && dims[3] == 1) {
      ASSIGN_OR_RETURN(spec.matrix, weights_.Pack(spec.mode, node.inputs[1], bias, levels));
    } else {
      const int channels = WindowChannels(maps_[size(x)], spec.mode);
      ASSIGN_OR_RETURN(spec.matrix, weights_.PackWindows(spec.mode, node.inputs[1], bias, channels, levels));
    }
    ASSIGN_OR_RETURN(
        spec.out,
        AddMap(node.outputs[0], activation == "Sigmoid" ? std::optional(kernels::NumberType::kF32) : std::nullopt));
    map_of_[node.outputs[0]] = spec.out;
    if (WantsWindowMap(spec.matrix.bytes())) {
      Map windows = maps_[size(spec.out)];
      windows.channels = spec.kernel[0] * spec.kernel[1] * WindowChannels(maps_[size(x)], spec.mode);
      windows.external = false;
      windows.type = InputType(spec.mode);
      windows.quantisation = {};
      spec.windows = Keep(windows, {});
    }
    steps_.push_back(MakeConvolution(std::move(spec), maps_));
    return {};
  }

  Status AddDepthwise(int index, const Node& node, MapId addend) {
    const MapId x = MapOf(node.inputs[0]);
    auto read = ReadDepthwise(node, *weights_.DimsOf(node.inputs[1]), maps_[size(x)].channels, weights_);
    if (!read.ok()) return Unsupported(index, read.error().message());
    DepthwiseSpec spec = std::move(read).value();
    spec.x = x;
    spec.addend = addend;
    const Dims& out = DimsOf(graph_, node.outputs[0]);
    spec.macs = static_cast<double>(out[0] * out[1] * out[2] * out[3] * spec.kernel[0] * spec.kernel[1]);
    ASSIGN_OR_RETURN(spec.out, AddMap(node.outputs[0]));
    map_of_[node.outputs[0]] = spec.out;
    steps_.push_back(MakeDepthwise(std::move(spec), maps_));
    return {};
  }

  // The last convolution: into the step before it where that goes by rows, else a step of its own.
  Status AddHead(int index, const Node& node, ConvolutionSpec spec, std::span<const float> bias) {
    const Mode mode = spec.mode == Mode::kF32 ? Mode::kF32 : Mode::kBf16;
    ASSIGN_OR_RETURN(PackedMatrix matrix, weights_.Pack(mode, node.inputs[1], bias, {}));
    const auto head = std::make_shared<OutputHead>(std::move(matrix));
    Map bytes = maps_[size(spec.x)];
    bytes.channels = 3;
    bytes.external = true;
    bytes.quantisation = {};
    const MapId out = Keep(bytes, {});
    map_of_[node.outputs[0]] = out;
    if (spec.addend != kNoMap) return Unsupported(index, "adds to its pixels");
    if (pending_.has_value() && pending_->out == spec.x && readers_[size(node.inputs[0])] == 1) {
      pending_->head = head;
      pending_->out = out;
      steps_[pending_step_] = MakeRingResidual(*std::move(pending_), maps_);
      pending_.reset();
      return {};
    }
    spec.head = head;
    spec.out = out;
    steps_.push_back(MakeConvolution(std::move(spec), maps_));
    return {};
  }

  Status AddResidual(int index, const Node& node) {
    std::array<MapId, kIrInputs> in{};
    in.fill(kNoMap);
    for (size_t k = 0; k < std::min<size_t>(node.inputs.size(), kIrInputs); ++k) in[k] = MapOf(node.inputs[k]);
    const auto given = [&](size_t k) { return k < node.inputs.size() && node.inputs[k] != kNoValue; };
    for (const size_t k : {kIrX, kIrY, kIrZ, kIrR}) {
      if (given(k) && in[k] == kNoMap) return Unsupported(index, "reads what engine cpu does not make");
    }
    ResidualSpec spec;
    spec.key = static_cast<int>(compiled_.step_names.size());
    compiled_.step_names.push_back(NameOf(graph_, node.outputs[0]));
    spec.mode = ModeOf(node);
    spec.stride = static_cast<int>(node.Int("stride", 1));
    spec.x = in[kIrX];
    spec.low = in[kIrY];
    spec.addend = in[kIrZ];
    spec.residual = in[kIrR];
    const Dims& bias_dims = DimsOf(graph_, node.inputs[kIrBe]);
    if (bias_dims.size() != 1) return Unsupported(index, "has a bias of shape " + ToString(bias_dims));
    const int hidden = static_cast<int>(bias_dims[0]);
    for (const size_t k : {kIrWe, kIrWy, kIrWp}) {
      if (given(k) && weights_.DimsOf(node.inputs[k]) == nullptr) {
        return Unsupported(index, "has weights only the run would tell");
      }
    }
    spec.hidden = kernels::PaddedChannels(hidden);
    const Dims& out_dims = DimsOf(graph_, node.outputs[0]);
    if (spec.mode == Mode::kInt8) {
      const auto* calibration = options_.calibration;
      const auto range = calibration != nullptr ? calibration->depths.find(NameOf(graph_, node.outputs[0]))
                                                : decltype(calibration->depths.end()){};
      if (calibration == nullptr || range == calibration->depths.end()) {
        return Error(ErrorCode::kInvalidInput,
                     Describe(graph_, index) + " has not been calibrated, so it cannot run in 8 bits");
      }
      spec.depth_quantisation = Quantise(range->second, spec.hidden);
    }
    const bool wide = spec.mode == Mode::kF32 && spec.x != kNoMap && IsGiven(node.inputs[kIrX]) &&
                      std::max(maps_[size(spec.x)].channels, hidden) < kernels::kChannelBlock;
    RETURN_IF_ERROR(ReadResidualWeights(graph_, node, maps_, wide, weights_, spec));
    const int height = static_cast<int>(out_dims[2]), width = static_cast<int>(out_dims[3]);
    if (spec.low != kNoMap) {
      const bool corners = node.String("align", "align_corners") == "align_corners";
      const Map& low = maps_[size(spec.low)];
      spec.up_rows = UpsampleAxis::Make(low.height, 2 * low.height, corners);
      spec.up_columns = UpsampleAxis::Make(low.width, 2 * low.width, corners);
    }
    const double in_pixels = static_cast<double>(height) * spec.stride * width * spec.stride;
    const double x_macs = spec.x != kNoMap ? in_pixels * maps_[size(spec.x)].channels : 0;
    const double low_macs = spec.low != kNoMap ? in_pixels / 4 * maps_[size(spec.low)].channels : 0;
    spec.macs = static_cast<double>(out_dims[0]) * hidden *
                (x_macs + low_macs + static_cast<double>(height) * width * (9.0 + static_cast<double>(out_dims[1])));

    ASSIGN_OR_RETURN(spec.out, AddMap(node.outputs[0]));
    map_of_[node.outputs[0]] = spec.out;
    if (IsSmall(height, width, spec.hidden)) {
      Map depth = maps_[size(spec.out)];
      depth.channels = spec.hidden;
      depth.external = false;
      depth.type = InputType(spec.mode);
      depth.quantisation = {};
      spec.depth = Keep(depth, {});
      steps_.push_back(MakePanelResidual(std::move(spec), maps_));
      return {};
    }
    if (BytesFollow(node.outputs[0])) {
      pending_ = std::move(spec);  // AddHead completes it
      pending_step_ = steps_.size();
      steps_.push_back(nullptr);
      return {};
    }
    steps_.push_back(MakeRingResidual(std::move(spec), maps_));
    return {};
  }

  // Whether the only reader of `value` is a convolution that AddHead makes.
  bool BytesFollow(ValueId value) const {
    if (readers_[size(value)] != 1) return false;
    return std::ranges::any_of(graph_.nodes, [&](const Node& node) {
      return node.op == kFusedConv && node.inputs[0] == value && node.String("activation", "") == "Sigmoid" &&
             BecomesBytes(node.outputs[0]) && (node.inputs.size() < 4 || node.inputs[3] == kNoValue);
    });
  }

  Status AddOutputs() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const ValueId value = graph_.outputs[i];
      if (const MapId flat = FlatOf(value); flat != kNoMap && OutputPort(i) == Port::kPlanes) {
        Map outside = maps_[size(flat)];
        outside.external = true;
        const MapId port = Keep(outside, {});
        steps_.push_back(MakeToElements(flat, port, maps_));
        compiled_.outputs.push_back(port);
        continue;
      }
      const MapId map = MapOf(value);
      if (map == kNoMap) return Error(ErrorCode::kUnsupported, "output '" + NameOf(graph_, value) + "' is a constant");
      if (OutputPort(i) == Port::kPlanes) {
        Map outside = maps_[size(map)];
        outside.type = kernels::NumberType::kF32;
        outside.external = true;
        outside.quantisation = {};
        const MapId port = Keep(outside, {});
        steps_.push_back(MakeToPlanes(map, port, maps_));
        compiled_.outputs.push_back(port);
        continue;
      }
      if (!maps_[size(map)].external) {
        return Error(ErrorCode::kUnsupported, "output '" + NameOf(graph_, value) + "' is not made as it is wanted");
      }
      compiled_.outputs.push_back(map);
    }
    return {};
  }

  const Graph& graph_;
  const CompileOptions& options_;
  std::vector<std::set<Mode>> multiplied_;
  std::vector<int64_t> readers_;
  std::vector<Map> maps_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::map<ValueId, MapId> map_of_;   // of pictures [N,C,H,W]
  std::map<ValueId, MapId> flat_of_;  // of other tensors
  CompiledWeights weights_;
  std::optional<ResidualSpec> pending_;
  size_t pending_step_ = 0;
  Compiled compiled_;
};

}  // namespace

Result<Compiled> Compile(const Graph& graph, const CompileOptions& options) { return Compiler(graph, options).Run(); }

}  // namespace lips::cpu
