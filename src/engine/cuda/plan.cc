#include "engine/cuda/plan.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/cuda/alignment.h"
#include "engine/cuda/constants.h"
#include "model/convolution.h"
#include "model/fused.h"

namespace lips::cuda {
namespace {

constexpr int kChannelBlock = 16;
// From this depth on, an expansion's input is loaded in four parts.
constexpr int kLeastSplitDepth = 256;
// A depth map larger than this never leaves shared memory.
constexpr int kMostSplitPixels = 80 * 80;

size_t size(int64_t n) { return static_cast<size_t>(n); }
int CeilDivide(int a, int b) { return (a + b - 1) / b; }
int RoundUp(int64_t n, int to) { return static_cast<int>((n + to - 1) / to * to); }

const Dims& DimsOf(const Graph& graph, ValueId value) { return graph.values[size(value)].dims; }

class Planner {
 public:
  Planner(const Graph& graph, const PlanOptions& options) : graph_(graph), options_(options) {}

  Result<Plan> Run() {
    for (const Node& node : graph_.nodes) {
      if (node.op == kInvertedResidual && node.inputs.size() > kIrZ && node.inputs[kIrZ] != kNoValue) {
        whole_chunks_.insert(node.inputs[kIrZ]);
      }
    }
    RETURN_IF_ERROR(AddInputs());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) RETURN_IF_ERROR(AddNode(static_cast<int>(i)));
    RETURN_IF_ERROR(AddOutputs());
    PlaceMaps();
    plan_.constants = std::move(constants_).Take();
    return std::move(plan_);
  }

 private:
  Error Unsupported(int node, const std::string& why) const {
    return Error(ErrorCode::kUnsupported, Describe(graph_, node) + " " + why + "; use --engine cpu or ort");
  }
  Port InputPort(size_t i) const { return i < options_.inputs.size() ? options_.inputs[i] : Port::kPlanes; }
  Port OutputPort(size_t i) const { return i < options_.outputs.size() ? options_.outputs[i] : Port::kPlanes; }
  MapId MapOf(ValueId value) const {
    const auto found = map_of_.find(value);
    return found == map_of_.end() ? kNoMap : found->second;
  }
  const Map& At(MapId map) const { return plan_.maps[size(map)]; }
  MapId Keep(const Map& map) {
    plan_.maps.push_back(map);
    return static_cast<MapId>(plan_.maps.size()) - 1;
  }

  // The map a picture [1,C,H,W] gets; of a kMap output the caller's.
  Result<Map> ShapeOf(ValueId value) const {
    const Dims& dims = DimsOf(graph_, value);
    if (dims.size() != 4 || dims[0] != 1 || std::ranges::any_of(dims, [](int64_t n) { return n < 1 || n > 1 << 15; })) {
      return Error(ErrorCode::kUnsupported, "'" + graph_.values[size(value)].name + "' of shape " + ToString(dims) +
                                                " is no picture of batch 1; use --engine cpu or ort");
    }
    Map map;
    map.height = static_cast<int>(dims[2]);
    map.width = static_cast<int>(dims[3]);
    map.used_channels = static_cast<int>(dims[1]);
    map.channels = RoundUp(dims[1], whole_chunks_.contains(value) ? kHiddenChunk : kChannelBlock);
    return map;
  }

  Result<MapId> AddMap(ValueId value) {
    ASSIGN_OR_RETURN(Map map, ShapeOf(value));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (graph_.outputs[i] != value || OutputPort(i) != Port::kMap) continue;
      if (i < options_.output_maps.size()) map.channels = options_.output_maps[i].channels;
      map.external = static_cast<int>(graph_.inputs.size() + i);
    }
    const MapId id = Keep(map);
    map_of_[value] = id;
    return id;
  }

  Status AddInputs() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      ASSIGN_OR_RETURN(Map map, ShapeOf(graph_.inputs[i]));
      Map outside = map;
      outside.external = static_cast<int>(i);
      const MapId port = Keep(outside);
      plan_.inputs.push_back(port);
      if (InputPort(i) == Port::kMap) {
        map_of_[graph_.inputs[i]] = port;
        continue;
      }
      const MapId inside = Keep(map);
      map_of_[graph_.inputs[i]] = inside;
      const int pixels = map.height * map.width;
      if (InputPort(i) == Port::kFaces) {
        if (map.used_channels != 6) {
          return Error(ErrorCode::kUnsupported, "a face has six channels, not " + std::to_string(map.used_channels) +
                                                    "; use --engine cpu or ort");
        }
        FacesStep step{.x = port, .out = inside, .args = {}};
        step.args.pixels = pixels;
        plan_.steps.emplace_back(step);
      } else {
        PlanesStep step{.planes = port, .map = inside, .args = {}};
        step.args.pixels = pixels;
        step.args.plane_count = map.used_channels;
        step.args.channels = map.channels;
        plan_.steps.emplace_back(step);
      }
    }
    return {};
  }

  Status AddNode(int index) {
    const Node& node = graph_.nodes[size(index)];
    if (node.op == kFusedConv) return AddConvolution(index, node);
    if (node.op == kInvertedResidual) return AddResidual(index, node);
    if (IsLastView(node)) {
      map_of_[node.outputs[0]] = MapOf(node.inputs[0]);
      return {};
    }
    return Unsupported(index, "has no kernel of engine cuda");
  }

  // Whether a node only says that a graph output, as planes, has other dims.
  bool IsLastView(const Node& node) const {
    if (node.op != "Flatten" && node.op != "Reshape" && node.op != "Squeeze" && node.op != "Identity") return false;
    if (MapOf(node.inputs[0]) == kNoMap || At(MapOf(node.inputs[0])).external >= 0) return false;
    const auto reads = [&](const Node& other) { return std::ranges::count(other.inputs, node.outputs[0]) > 0; };
    if (std::ranges::any_of(graph_.nodes, reads)) return false;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (graph_.outputs[i] == node.outputs[0] && OutputPort(i) != Port::kPlanes) return false;
    }
    return true;
  }

  const Tensor* Weights(const Node& node, size_t input) const {
    if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return nullptr;
    return graph_.Constant(node.inputs[input]);
  }

  // Steps.

  Status AddConvolution(int index, const Node& node) {
    const Tensor* weights = Weights(node, 1);
    const MapId x = MapOf(node.inputs[0]);
    if (weights == nullptr || x == kNoMap) return Unsupported(index, "has weights or pictures only the run would tell");
    const Dims& dims = weights->dims();  // [O, I, kh, kw]
    const auto pads = node.Ints("pads"), strides = node.Ints("strides"), dilations = node.Ints("dilations");
    if (node.Int("group", 1) != 1 || dims.size() != 4 || pads.size() != 4 || strides.size() != 2 ||
        std::ranges::any_of(dilations, [](int64_t n) { return n != 1; })) {
      return Unsupported(index, "has groups, dilations or other than two dimensions");
    }
    const bool has_addend = node.inputs.size() > 3 && node.inputs[3] != kNoValue;
    const MapId addend = has_addend ? MapOf(node.inputs[3]) : kNoMap;
    if (has_addend && addend == kNoMap) return Unsupported(index, "adds what no kernel makes");
    const std::string_view activation = node.String("activation", "");
    if (activation == "Sigmoid" && IsPicture(node.outputs[0])) return AddPixels(index, node, x, addend);

    ConvolutionStep step;
    step.x = x;
    step.addend = addend;
    ASSIGN_OR_RETURN(step.out, AddMap(node.outputs[0]));
    const Map& from = At(x);
    const Map& to = At(step.out);
    if (addend != kNoMap && At(addend).channels != to.channels)
      return Unsupported(index, "adds a map of another padding");
    ConvolutionArgs& args = step.args;
    args.height = from.height;
    args.width = from.width;
    args.channels = from.channels;
    args.out_height = to.height;
    args.out_width = to.width;
    args.out_channels = to.channels;
    args.kernel_height = static_cast<int>(dims[2]);
    args.kernel_width = static_cast<int>(dims[3]);
    args.stride_y = static_cast<int>(strides[0]);
    args.stride_x = static_cast<int>(strides[1]);
    args.pad_top = static_cast<int>(pads[0]);
    args.pad_left = static_cast<int>(pads[1]);
    args.activation = activation == "Relu"      ? Activation::kRelu
                      : activation == "Sigmoid" ? Activation::kSigmoid
                                                : Activation::kNone;
    const std::vector<double> values = DoublesOf(*weights);
    const auto taps = size(dims[2] * dims[3]);
    std::vector<double> packed(size(to.channels) * taps * size(from.channels));
    for (size_t o = 0; o < size(dims[0]); ++o) {
      for (size_t i = 0; i < size(dims[1]); ++i) {
        for (size_t tap = 0; tap < taps; ++tap) {
          packed[(o * taps + tap) * size(from.channels) + i] = values[(o * size(dims[1]) + i) * taps + tap];
        }
      }
    }
    const auto appended = constants_.Halves(packed);
    if (!appended.ok()) return Unsupported(index, appended.error().message());
    step.weights = appended.value();
    step.bias = constants_.Floats(BiasOf(Weights(node, 2), to.channels));
    plan_.macs += static_cast<double>(to.height) * to.width * static_cast<double>(values.size());
    plan_.steps.emplace_back(step);
    return {};
  }

  // Whether `value` is a graph output that becomes pixels.
  bool IsPicture(ValueId value) const {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const bool pixels = OutputPort(i) == Port::kPixels || OutputPort(i) == Port::kUnit;
      if (graph_.outputs[i] == value && pixels) return true;
    }
    return false;
  }

  Status AddPixels(int index, const Node& node, MapId x, MapId addend) {
    const Tensor* weights = Weights(node, 1);
    const Dims& dims = weights->dims();
    if (dims[0] != 3 || dims[2] != 1 || dims[3] != 1 || addend != kNoMap) {
      return Unsupported(index, "does not end in pixels");
    }
    PixelsStep step;
    step.x = x;
    ASSIGN_OR_RETURN(Map outside, ShapeOf(node.outputs[0]));
    const auto output = std::ranges::find(graph_.outputs, node.outputs[0]) - graph_.outputs.begin();
    outside.external = static_cast<int>(graph_.inputs.size()) + static_cast<int>(output);
    step.out = Keep(outside);
    map_of_[node.outputs[0]] = step.out;
    const Map& from = At(x);
    if (from.height != outside.height || from.width != outside.width) return Unsupported(index, "has a stride");
    step.args.pixels = from.height * from.width;
    step.args.channels = from.channels;
    step.args.floats = OutputPort(size(output)) == Port::kUnit ? 1 : 0;
    const std::vector<double> values = DoublesOf(*weights);
    std::vector<float> packed(size(3 * from.channels));
    for (size_t i = 0; i < values.size(); ++i) {
      packed[i / size(dims[1]) * size(from.channels) + i % size(dims[1])] = static_cast<float>(values[i]);
    }
    step.weights = constants_.Floats(packed);
    step.bias = constants_.Floats(BiasOf(Weights(node, 2), 3));
    plan_.macs += static_cast<double>(step.args.pixels) * static_cast<double>(values.size());
    plan_.steps.emplace_back(step);
    return {};
  }

  Status AddResidual(int index, const Node& node) {
    if (node.inputs.size() < kIrInputs) return Unsupported(index, "lacks inputs");
    ResidualStep step;
    MapId* const maps[] = {&step.x, &step.low, &step.addend, &step.residual};
    const size_t places[] = {kIrX, kIrY, kIrZ, kIrR};
    for (size_t i = 0; i < std::size(places); ++i) {
      const ValueId value = node.inputs[places[i]];
      *maps[i] = value == kNoValue ? kNoMap : MapOf(value);
      if (value != kNoValue && *maps[i] == kNoMap) return Unsupported(index, "reads what no kernel makes");
    }
    const Tensor *of_x = Weights(node, kIrWe), *of_low = Weights(node, kIrWy), *of_depth = Weights(node, kIrWd),
                 *of_project = Weights(node, kIrWp);
    if (of_depth == nullptr || of_project == nullptr || (step.x != kNoMap && of_x == nullptr) ||
        (step.low != kNoMap && of_low == nullptr)) {
      return Unsupported(index, "has weights only the run would tell");
    }
    step.stride = static_cast<int>(node.Int("stride", 1));
    if (step.stride != 1 && step.stride != 2) return Unsupported(index, "has stride " + std::to_string(step.stride));
    ASSIGN_OR_RETURN(step.out, AddMap(node.outputs[0]));
    const Map out = At(step.out);
    const auto expansion = size(of_depth->dims()[0]);
    const int hidden = RoundUp(of_depth->dims()[0], kHiddenChunk);

    ResidualArgs& args = step.args;
    const Map& like = step.x != kNoMap ? At(step.x) : step.addend != kNoMap ? At(step.addend) : At(step.low);
    args.height = step.x != kNoMap || step.addend != kNoMap ? like.height : 2 * like.height;
    args.width = step.x != kNoMap || step.addend != kNoMap ? like.width : 2 * like.width;
    args.x_channels = step.x != kNoMap ? At(step.x).channels : 0;
    if (step.low != kNoMap) {
      args.low_channels = At(step.low).channels;
      args.low_height = At(step.low).height;
      args.low_width = At(step.low).width;
      if (args.height != 2 * args.low_height || args.width != 2 * args.low_width) {
        return Unsupported(index, "enlarges other than twice");
      }
    }
    if (step.addend != kNoMap && At(step.addend).channels != hidden)
      return Unsupported(index, "adds an unexpected map");
    if (step.residual != kNoMap && At(step.residual).channels != out.channels) {
      return Unsupported(index, "adds a map of another padding");
    }
    const auto scale = [](int from, int to) {
      return to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1) : 0.0f;
    };
    args.row_scale = scale(args.low_height, args.height);
    args.column_scale = scale(args.low_width, args.width);
    const int both = args.x_channels + args.low_channels;
    args.part = both >= kLeastSplitDepth ? RoundUp(CeilDivide(both, 4), kStep) : both;
    const auto shift = [](int pieces) {
      return pieces > 0 && pieces <= kResidualThreads && std::has_single_bit(static_cast<unsigned>(pieces))
                 ? std::countr_zero(static_cast<unsigned>(pieces))
                 : -1;
    };
    // With parts that differ there is no one shift.
    const int most = std::min(args.part, args.x_channels);
    args.x_shift = most > 0 && args.x_channels % most == 0 ? shift(most / kPiece) : -1;
    args.whole_x_shift = shift(args.x_channels / kPiece);
    step.enlarged_shift = args.part > 0 && args.low_channels % args.part == 0 ? shift(args.part / kPiece) : -1;
    args.low_shift = shift(args.low_channels / kPiece);
    args.align_corners = node.String("align", "align_corners") == "align_corners" ? 1 : 0;
    args.out_height = out.height;
    args.out_width = out.width;
    args.out_channels = out.channels;
    args.hidden = hidden;

    const auto depth = size(args.x_channels + args.low_channels);
    ResidualConstants of;
    of.expand.resize(size(hidden) * depth);
    const auto columns = [&](const Tensor* weights, size_t at) {
      if (weights == nullptr) return;
      const std::vector<double> values = DoublesOf(*weights);
      const auto channels = size(weights->dims()[1]);
      for (size_t i = 0; i < values.size(); ++i) of.expand[i / channels * depth + at + i % channels] = values[i];
    };
    if (step.x != kNoMap) columns(of_x, 0);
    if (step.low != kNoMap) columns(of_low, size(args.x_channels));
    const std::vector<double> values = DoublesOf(*of_project);  // [O, E]
    of.project.resize(size(out.channels) * size(hidden));
    for (size_t i = 0; i < values.size(); ++i) of.project[i / expansion * size(hidden) + i % expansion] = values[i];
    of.taps = DoublesOf(*of_depth);
    of.expand_bias = BiasOf(Weights(node, kIrBe), hidden);
    of.depth_bias = BiasOf(Weights(node, kIrBd), hidden);
    const auto project = constants_.Halves(of.project), chunks = constants_.Chunks(args, of);
    if (!project.ok()) return Unsupported(index, project.error().message());
    if (!chunks.ok()) return Unsupported(index, chunks.error().message());
    step.project = project.value();
    step.chunks = chunks.value();
    step.project_bias = constants_.Floats(BiasOf(Weights(node, kIrBp), out.channels));

    Map depth_map = out;
    depth_map.channels = depth_map.used_channels = hidden;
    depth_map.external = -1;
    if (out.height * out.width <= kMostSplitPixels) {
      step.depth = Keep(depth_map);
      if (step.low != kNoMap && step.x == kNoMap) {
        Map enlarged = depth_map;
        enlarged.height = args.height;
        enlarged.width = args.width;
        enlarged.channels = enlarged.used_channels = args.low_channels;
        step.enlarged = Keep(enlarged);
      }
    }
    plan_.macs +=
        static_cast<double>(args.height) * args.width * static_cast<double>(expansion) * static_cast<double>(depth) +
        static_cast<double>(out.height) * out.width * static_cast<double>(expansion * 9 + values.size());
    plan_.steps.emplace_back(step);
    return {};
  }

  Status AddOutputs() {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const ValueId value = graph_.outputs[i];
      const MapId map = MapOf(value);
      const std::string name = "output '" + graph_.values[size(value)].name + "'";
      if (map == kNoMap) return Error(ErrorCode::kUnsupported, name + " is a constant; use --engine cpu or ort");
      if (OutputPort(i) == Port::kPlanes) {
        Map outside = At(map);
        outside.external = static_cast<int>(graph_.inputs.size() + i);
        PlanesStep step{.planes = Keep(outside), .map = map, .args = {}};
        step.args.pixels = outside.height * outside.width;
        step.args.plane_count = outside.used_channels;
        step.args.channels = outside.channels;
        step.args.to_planes = 1;
        plan_.outputs.push_back(step.planes);
        plan_.steps.emplace_back(step);
        continue;
      }
      if (At(map).external != static_cast<int>(graph_.inputs.size() + i)) {
        return Error(ErrorCode::kUnsupported, name + " is not made as it is wanted; use --engine cpu or ort");
      }
      plan_.outputs.push_back(map);
    }
    return {};
  }

  // Maps that do not live at the same time share memory.
  void PlaceMaps() {
    struct Life {
      MapId map = kNoMap;
      size_t first = 0, last = 0;
    };
    std::vector<Life> lives;
    std::vector<int> life_of(plan_.maps.size(), -1);
    const auto touch = [&](MapId map, size_t step) {
      if (map == kNoMap || At(map).external >= 0) return;
      int& life = life_of[size(map)];
      if (life < 0) {
        life = static_cast<int>(lives.size());
        lives.push_back({map, step, step});
      }
      lives[size(life)].last = step;
    };
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      std::visit([&](const auto& step) { ForEachMap(step, [&](MapId map) { touch(map, i); }); }, plan_.steps[i]);
    }
    for (size_t at = 0; at < lives.size(); ++at) {
      const size_t bytes = AlignUp(At(lives[at].map).bytes());
      std::vector<std::pair<size_t, size_t>> taken;  // [begin, end) of what lives at the same time
      for (size_t other = 0; other < at; ++other) {
        if (lives[other].first > lives[at].last || lives[at].first > lives[other].last) continue;
        const Map& map = At(lives[other].map);
        taken.emplace_back(map.offset, map.offset + AlignUp(map.bytes()));
      }
      std::ranges::sort(taken);
      size_t place = 0;
      for (const auto& [begin, end] : taken) {
        if (begin >= place + bytes) break;
        place = std::max(place, end);
      }
      plan_.maps[size(lives[at].map)].offset = place;
      plan_.arena_bytes = std::max(plan_.arena_bytes, place + bytes);
    }
  }

  template <typename See>
  static void ForEachMap(const ConvolutionStep& step, See see) {
    for (const MapId map : {step.x, step.addend, step.out}) see(map);
  }
  template <typename See>
  static void ForEachMap(const ResidualStep& step, See see) {
    for (const MapId map : {step.x, step.low, step.addend, step.residual, step.out, step.depth, step.enlarged})
      see(map);
  }
  template <typename See>
  static void ForEachMap(const PlanesStep& step, See see) {
    for (const MapId map : {step.planes, step.map}) see(map);
  }
  template <typename AnyStep, typename See>
  static void ForEachMap(const AnyStep& step, See see) {
    for (const MapId map : {step.x, step.out}) see(map);
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Plan plan_;
  Constants constants_;
  std::map<ValueId, MapId> map_of_;
  std::set<ValueId> whole_chunks_;  // added to expansions, which are in whole chunks
};

}  // namespace

size_t Map::bytes() const { return size(height) * size(width) * size(channels) * sizeof(Half); }

Result<Plan> Plan::Make(const Graph& graph, const PlanOptions& options) { return Planner(graph, options).Run(); }

}  // namespace lips::cuda
