#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "model/builder.h"
#include "model/name.h"
#include "model/onnx.h"
#include "model/shape.h"
#include "model/tflite.h"
#include "model/tflite_file.h"

namespace lips {
namespace {

constexpr size_t kMostUnfolding = 8;  // bytes of constants for each byte of the file; halves become twice as long
constexpr int64_t kFarthestPad = 1 << 16;

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }
Error Unsupported(std::string message) { return Error(ErrorCode::kUnsupported, std::move(message)); }

// `tensor` with its axes in another order: axis i of the result is axis order[i]. The rank is order.size().
Tensor Reordered(const Tensor& tensor, const std::vector<size_t>& order) {
  const Dims& from = tensor.dims();
  const size_t rank = order.size();
  std::vector<int64_t> strides(rank, 1);
  for (size_t i = rank - 1; i > 0; --i) strides[i - 1] = strides[i] * from[i];
  Dims to;
  for (const size_t axis : order) to.push_back(from[axis]);
  Tensor out(DType::kF32, to);
  const auto values = tensor.As<float>();
  std::vector<int64_t> position(rank, 0);
  int64_t at = 0;
  for (float& value : out.As<float>()) {
    value = values[static_cast<size_t>(at)];
    for (size_t i = rank; i-- > 0;) {
      at += strides[order[i]];
      if (++position[i] < to[i]) break;
      at -= strides[order[i]] * to[i];
      position[i] = 0;
    }
  }
  return out;
}

// How a tensor of rank 4 lies in the graph: kPlain as the file says, kPlanar [N,C,H,W]. Others are always plain.
enum class Form : uint8_t { kPlain, kPlanar };

class Reader {
 public:
  Reader(const TfliteFile& file, size_t bytes) : file_(file), budget_(bytes * kMostUnfolding) {
    for (const TfliteTensor& tensor : file.tensors) names_.insert({tensor.name, 0}).first->second++;
  }

  Result<Graph> Read() {
    if (file_.outputs.empty()) return Corrupted("the graph has no outputs");
    for (const int32_t input : file_.inputs) RETURN_IF_ERROR(AddInput(input));
    for (size_t i = 0; i < file_.operators.size(); ++i) {
      Status status = AddOperator(file_.operators[i]);
      if (status.ok()) continue;
      return std::move(status).TakeError().Within(NameOf(file_.operators[i].op) + " (operator " + std::to_string(i) +
                                                  ")");
    }
    std::set<int32_t> given;
    for (const int32_t output : file_.outputs) {
      if (!given.insert(output).second) return Corrupted("a graph output is listed twice");
      ASSIGN_OR_RETURN(const ValueId value, In(output, Form::kPlain));
      // A node of its own, so that inputs and constants may be outputs, too, and every output can have its name.
      net_.Output(net_.Add("Identity", {value}), OutputName(output));
    }
    std::vector<Dims> input_dims;
    const Graph graph = std::move(net_).Finish();
    for (const ValueId input : graph.inputs) input_dims.push_back(graph.values[static_cast<size_t>(input)].dims);
    RETURN_IF_ERROR(Validate(graph));
    ASSIGN_OR_RETURN(Graph shaped, InferShapes(graph, input_dims));
    RETURN_IF_ERROR(CheckOutputs(shaped));
    return shaped;
  }

 private:
  const TfliteTensor& Of(int32_t tensor) const { return file_.tensors[static_cast<size_t>(tensor)]; }
  bool IsPicture(int32_t tensor) const { return Of(tensor).dims.size() == 4; }

  // The tensor's name where that is fit to be a value's; else empty, which makes the graph find one.
  std::string FreeName(int32_t tensor) {
    const std::string& name = Of(tensor).name;
    if (name.empty() || name.starts_with("value_") || names_[name] != 1) return {};
    if (std::ranges::find(file_.outputs, tensor) != file_.outputs.end()) return {};
    return used_.insert(tensor).second ? name : std::string();
  }
  std::string OutputName(int32_t tensor) {
    const std::string& name = Of(tensor).name;
    return name.starts_with("value_") || names_[name] != 1 ? std::string() : name;
  }

  std::optional<ValueId>& Slot(int32_t tensor, Form form) { return made_[{tensor, form}]; }

  Status Define(int32_t tensor, Form form, ValueId value) {
    const Form other = form == Form::kPlain ? Form::kPlanar : Form::kPlain;
    if (Slot(tensor, form) || Slot(tensor, other) || !Of(tensor).data.empty() || aliases_.contains(tensor)) {
      return Corrupted("tensor " + QuoteName(Of(tensor).name) + " is made twice");
    }
    Slot(tensor, form) = value;
    return {};
  }

  Status AddInput(int32_t tensor) {
    const TfliteTensor& input = Of(tensor);
    if (input.type != TfliteType::kF32) {
      return Unsupported("graph input " + QuoteName(input.name) + " is not of 32-bit floats");
    }
    Dims dims = input.dims;
    if (dims.size() == 4) dims = {dims[0], dims[3], dims[1], dims[2]};
    const Form form = dims.size() == 4 ? Form::kPlanar : Form::kPlain;
    return Define(tensor, form, net_.Input(FreeName(tensor), dims));
  }

  // The elements of a constant as f32 in the file's order.
  Result<Tensor> Floats(int32_t tensor) {
    const auto alias = aliases_.find(tensor);
    const TfliteTensor& source = Of(alias == aliases_.end() ? tensor : alias->second);
    const std::string what = "tensor " + QuoteName(source.name);
    if (source.data.empty()) return Unsupported(what + " would have to be constant");
    if (source.sparse) return Unsupported(what + " is sparse");
    if (source.type != TfliteType::kF32 && source.type != TfliteType::kF16) {
      return Unsupported(what + " is quantised, or of integers; expected floating point");
    }
    const DType dtype = source.type == TfliteType::kF32 ? DType::kF32 : DType::kF16;
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(source.dims));
    if (static_cast<size_t>(count) != source.data.size() / SizeOf(dtype) || source.data.size() % SizeOf(dtype) != 0) {
      return Corrupted(what + " of shape " + ToString(source.dims) + " has " + std::to_string(source.data.size()) +
                       " bytes");
    }
    const size_t unfolded = static_cast<size_t>(count) * sizeof(float);
    if (unfolded > budget_) return Error(ErrorCode::kResourceLimit, "its constants unfold to far more than the file");
    budget_ -= unfolded;
    Tensor raw(dtype, source.dims);
    std::ranges::copy(source.data, raw.data());
    return ToF32(raw);
  }

  Result<std::vector<int64_t>> Integers(int32_t tensor) const {
    const TfliteTensor& source = Of(tensor);
    if (source.type != TfliteType::kI32 || source.data.size() % sizeof(int32_t) != 0 || source.data.empty() ||
        source.data.size() > 4096) {
      return Unsupported("tensor " + QuoteName(source.name) + " would have to be constant 32-bit integers");
    }
    std::vector<int32_t> values(source.data.size() / sizeof(int32_t));
    std::memcpy(values.data(), source.data.data(), source.data.size());
    return std::vector<int64_t>(values.begin(), values.end());
  }

  // A tensor as an operator of that form reads it.
  Result<ValueId> In(int32_t tensor, Form form) {
    if (tensor < 0) return Corrupted("an operand is missing");
    if (const auto& there = Slot(tensor, form)) return *there;
    const bool constant = !Of(tensor).data.empty() || aliases_.contains(tensor);
    if (constant) {
      ASSIGN_OR_RETURN(Tensor values, Floats(tensor));
      if (form == Form::kPlanar) {
        ASSIGN_OR_RETURN(values, Planar(std::move(values)));
      }
      const ValueId value = net_.Constant(FreeName(tensor), std::move(values));
      Slot(tensor, form) = value;
      return value;
    }
    const auto other = Slot(tensor, form == Form::kPlain ? Form::kPlanar : Form::kPlain);
    if (!other) return Corrupted("tensor " + QuoteName(Of(tensor).name) + " is used before anything has made it");
    if (!IsPicture(tensor)) return Unsupported("an operand has " + std::to_string(Of(tensor).dims.size()) + " axes");
    const std::vector<int64_t> order = form == Form::kPlain ? Dims{0, 2, 3, 1} : Dims{0, 3, 1, 2};
    const ValueId value = net_.Add("Transpose", {*other}, {{"perm", order}});
    Slot(tensor, form) = value;
    return value;
  }

  // A constant that is broadcast over [N,H,W,C], so that it is over [N,C,H,W].
  static Result<Tensor> Planar(Tensor values) {
    Dims dims = values.dims();
    if (dims.empty()) return values;
    if (dims.size() > 4) return Unsupported("a constant has " + std::to_string(dims.size()) + " axes");
    dims.insert(dims.begin(), 4 - dims.size(), 1);
    values.Reshape(dims);
    return Reordered(values, {0, 3, 1, 2});
  }

  Status AddOperator(const TfliteOperator& node) {
    if (node.outputs.size() != 1) return Corrupted("it has " + std::to_string(node.outputs.size()) + " outputs");
    if (node.inputs.empty()) return Corrupted("it has no inputs");
    switch (node.op) {
      case TfliteOp::kConv:
      case TfliteOp::kDepthwiseConv: return AddConvolution(node);
      case TfliteOp::kMaxPool: return AddPool(node, "MaxPool");
      case TfliteOp::kAveragePool: return AddPool(node, "AveragePool");
      case TfliteOp::kAdd: return AddBinary(node, "Add");
      case TfliteOp::kSub: return AddBinary(node, "Sub");
      case TfliteOp::kMul: return AddBinary(node, "Mul");
      case TfliteOp::kPrelu: return AddPrelu(node);
      case TfliteOp::kLogistic: return AddUnary(node, "Sigmoid", TfliteActivation::kNone);
      case TfliteOp::kRelu: return AddUnary(node, "", TfliteActivation::kRelu);
      case TfliteOp::kReluN1To1: return AddUnary(node, "", TfliteActivation::kReluN1To1);
      case TfliteOp::kRelu6: return AddUnary(node, "", TfliteActivation::kRelu6);
      case TfliteOp::kPad: return AddPad(node);
      case TfliteOp::kReshape: return AddReshape(node);
      case TfliteOp::kResizeBilinear: return AddResize(node);
      case TfliteOp::kConcatenation: return AddConcatenation(node);
      case TfliteOp::kDequantize: return AddDequantize(node);
      case TfliteOp::kCustom: return Unsupported("custom operator " + QuoteName(node.custom) + " is not known");
    }
    return Unsupported("it is not known");
  }

  // `value` through the activation, as the output of `node` in that form.
  Status Finish(const TfliteOperator& node, Form form, ValueId value, TfliteActivation activation) {
    const auto clip = [&](float low, float high) {
      const ValueId from = net_.Constant({}, Tensor::Of<float>({}, std::span(&low, 1)));
      const ValueId to = net_.Constant({}, Tensor::Of<float>({}, std::span(&high, 1)));
      return net_.Add("Clip", {value, from, to});
    };
    switch (activation) {
      case TfliteActivation::kNone: break;
      case TfliteActivation::kRelu: value = net_.Add("Relu", {value}); break;
      case TfliteActivation::kReluN1To1: value = clip(-1, 1); break;
      case TfliteActivation::kRelu6: value = clip(0, 6); break;
      default: return Unsupported("fused activation " + std::to_string(static_cast<int>(activation)) + " is not known");
    }
    return Define(node.outputs[0], form, value);
  }

  static Result<std::vector<int64_t>> Positive(const FlatTable& options, int rows, int columns, int32_t otherwise) {
    const std::vector<int64_t> pair = {options.Number<int32_t>(rows, otherwise),
                                       options.Number<int32_t>(columns, otherwise)};
    if (pair[0] >= 1 && pair[1] >= 1) return pair;
    return Corrupted("a stride, dilation or window is " + ToString(pair));
  }

  static Result<std::string> AutoPad(const FlatTable& options) {
    const auto padding = options.Number<int8_t>(0);
    if (padding == 0) return std::string("SAME_UPPER");
    if (padding == 1) return std::string("VALID");
    return Unsupported("padding " + std::to_string(padding) + " is not known");
  }

  // Fields of Conv2DOptions: padding, stride w and h, activation, dilation w and h; of DepthwiseConv2DOptions the
  // depth multiplier comes after the strides. Weights are [O,H,W,I] and [1,H,W,O].
  Status AddConvolution(const TfliteOperator& node) {
    const bool depthwise = node.op == TfliteOp::kDepthwiseConv;
    const int shift = depthwise ? 1 : 0;
    if (node.inputs.size() < 2 || node.inputs[0] < 0 || node.inputs[1] < 0) return Corrupted("an operand is missing");
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], Form::kPlanar));
    ASSIGN_OR_RETURN(Tensor weights, Floats(node.inputs[1]));
    if (weights.dims().size() != 4 || !IsPicture(node.inputs[0])) return Corrupted("it is not two-dimensional");
    weights = Reordered(weights, depthwise ? std::vector<size_t>{3, 0, 1, 2} : std::vector<size_t>{0, 3, 1, 2});
    const int64_t channels = Of(node.inputs[0]).dims[3];
    const int64_t per_group = weights.dims()[1];
    if (per_group < 1 || channels % per_group != 0) {
      return Corrupted("weights for " + std::to_string(per_group) + " channels do not fit " + std::to_string(channels));
    }
    ASSIGN_OR_RETURN(const auto strides, Positive(node.options, 2, 1, 0));
    ASSIGN_OR_RETURN(const auto dilations, Positive(node.options, 5 + shift, 4 + shift, 1));
    ASSIGN_OR_RETURN(const std::string pad, AutoPad(node.options));
    std::vector<ValueId> inputs = {x, net_.Constant({}, std::move(weights))};
    if (node.inputs.size() > 2 && node.inputs[2] >= 0) {
      ASSIGN_OR_RETURN(const ValueId bias, In(node.inputs[2], Form::kPlain));
      inputs.push_back(bias);
    }
    const ValueId out =
        net_.Add("Conv", std::move(inputs),
                 {{"strides", strides}, {"dilations", dilations}, {"auto_pad", pad}, {"group", channels / per_group}});
    return Finish(node, Form::kPlanar, out, TfliteActivation{node.options.Number<int8_t>(3 + shift)});
  }

  // Fields of Pool2DOptions: padding, stride w and h, filter width and height, activation.
  Status AddPool(const TfliteOperator& node, std::string_view op) {
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], Form::kPlanar));
    ASSIGN_OR_RETURN(const auto strides, Positive(node.options, 2, 1, 0));
    ASSIGN_OR_RETURN(const auto window, Positive(node.options, 4, 3, 0));
    ASSIGN_OR_RETURN(const std::string pad, AutoPad(node.options));
    const ValueId out = net_.Add(op, {x}, {{"strides", strides}, {"kernel_shape", window}, {"auto_pad", pad}});
    return Finish(node, Form::kPlanar, out, TfliteActivation{node.options.Number<int8_t>(5)});
  }

  Status AddBinary(const TfliteOperator& node, std::string_view op) {
    if (node.inputs.size() != 2) return Corrupted("it has " + std::to_string(node.inputs.size()) + " inputs");
    const Form form = IsPicture(node.outputs[0]) ? Form::kPlanar : Form::kPlain;
    ASSIGN_OR_RETURN(const ValueId a, In(node.inputs[0], form));
    ASSIGN_OR_RETURN(const ValueId b, In(node.inputs[1], form));
    return Finish(node, form, net_.Add(op, {a, b}), TfliteActivation{node.options.Number<int8_t>(0)});
  }

  Status AddPrelu(const TfliteOperator& node) {
    if (node.inputs.size() != 2) return Corrupted("it has " + std::to_string(node.inputs.size()) + " inputs");
    const Form form = IsPicture(node.outputs[0]) ? Form::kPlanar : Form::kPlain;
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], form));
    ASSIGN_OR_RETURN(const ValueId slope, In(node.inputs[1], form));
    return Finish(node, form, net_.Add("PRelu", {x, slope}), TfliteActivation::kNone);
  }

  Status AddUnary(const TfliteOperator& node, std::string_view op, TfliteActivation activation) {
    const Form form = IsPicture(node.outputs[0]) ? Form::kPlanar : Form::kPlain;
    ASSIGN_OR_RETURN(ValueId x, In(node.inputs[0], form));
    if (!op.empty()) x = net_.Add(op, {x});
    return Finish(node, form, x, activation);
  }

  // Input 1 is [rank, 2]: before and after each axis.
  Status AddPad(const TfliteOperator& node) {
    if (node.inputs.size() != 2 || node.inputs[1] < 0) return Corrupted("an operand is missing");
    const Form form = IsPicture(node.outputs[0]) ? Form::kPlanar : Form::kPlain;
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], form));
    ASSIGN_OR_RETURN(const auto amounts, Integers(node.inputs[1]));
    const size_t rank = Of(node.inputs[0]).dims.size();
    const bool in_range = std::ranges::all_of(amounts, [](int64_t n) { return n >= 0 && n <= kFarthestPad; });
    if (amounts.size() != 2 * rank || !in_range) return Corrupted("it pads by " + ToString(amounts));
    std::vector<size_t> order(rank);
    std::iota(order.begin(), order.end(), size_t{0});
    if (form == Form::kPlanar) order = {0, 3, 1, 2};
    std::vector<int64_t> pads;
    for (const size_t end : {0, 1}) {
      for (const size_t axis : order) pads.push_back(amounts[2 * axis + end]);
    }
    return Define(node.outputs[0], form, net_.Add("Pad", {x, net_.Ints(pads)}));
  }

  // To the shape the output states: the operand and the options that repeat it are not read.
  Status AddReshape(const TfliteOperator& node) {
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], Form::kPlain));
    const ValueId out = net_.Add("Reshape", {x, net_.Ints(Of(node.outputs[0]).dims)}, {{"allowzero", int64_t{1}}});
    return Define(node.outputs[0], Form::kPlain, out);
  }

  // Fields of ResizeBilinearOptions: two that are gone, align_corners, half_pixel_centers.
  Status AddResize(const TfliteOperator& node) {
    if (node.inputs.size() != 2 || node.inputs[1] < 0) return Corrupted("an operand is missing");
    if (node.inputs[0] < 0 || !IsPicture(node.inputs[0])) return Corrupted("it is not two-dimensional");
    ASSIGN_OR_RETURN(const ValueId x, In(node.inputs[0], Form::kPlanar));
    ASSIGN_OR_RETURN(const auto size, Integers(node.inputs[1]));
    if (size.size() != 2 || size[0] < 1 || size[1] < 1) return Corrupted("it resizes to " + ToString(size));
    const bool corners = node.options.Number<uint8_t>(2) != 0;
    const bool centres = node.options.Number<uint8_t>(3) != 0;
    const std::string mode = corners ? "align_corners" : centres ? "half_pixel" : "asymmetric";
    const Dims& dims = Of(node.inputs[0]).dims;
    const ValueId sizes = net_.Ints({dims[0], dims[3], size[0], size[1]});
    const ValueId out = net_.Add("Resize", {x, kNoValue, kNoValue, sizes},
                                 {{"mode", std::string("linear")}, {"coordinate_transformation_mode", mode}});
    return Define(node.outputs[0], Form::kPlanar, out);
  }

  // Fields of ConcatenationOptions: axis, activation.
  Status AddConcatenation(const TfliteOperator& node) {
    const size_t rank = Of(node.outputs[0]).dims.size();
    int64_t axis = node.options.Number<int32_t>(0);
    if (axis < 0) axis += static_cast<int64_t>(rank);
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return Corrupted("it joins along axis " + std::to_string(axis));
    const Form form = rank == 4 ? Form::kPlanar : Form::kPlain;
    if (form == Form::kPlanar) axis = std::array<int64_t, 4>{0, 2, 3, 1}[static_cast<size_t>(axis)];
    std::vector<ValueId> inputs;
    for (const int32_t tensor : node.inputs) {
      ASSIGN_OR_RETURN(const ValueId value, In(tensor, form));
      inputs.push_back(value);
    }
    return Finish(node, form, net_.Add("Concat", std::move(inputs), {{"axis", axis}}),
                  TfliteActivation{node.options.Number<int8_t>(1)});
  }

  // Of half-precision weights: another name for them.
  Status AddDequantize(const TfliteOperator& node) {
    const int32_t from = node.inputs[0];
    if (from < 0 || Of(from).data.empty() || Of(from).type != TfliteType::kF16) {
      return Unsupported("only weights in half precision are dequantised, and this is quantised otherwise");
    }
    if (Slot(node.outputs[0], Form::kPlain) || Slot(node.outputs[0], Form::kPlanar) ||
        !Of(node.outputs[0]).data.empty() || !aliases_.emplace(node.outputs[0], from).second) {
      return Corrupted("tensor " + QuoteName(Of(node.outputs[0]).name) + " is made twice");
    }
    return {};
  }

  // The file states the shape of every output; a reader of another mind than its writer is found out here.
  Status CheckOutputs(const Graph& graph) const {
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const Dims& found = graph.values[static_cast<size_t>(graph.outputs[i])].dims;
      const TfliteTensor& stated = Of(file_.outputs[i]);
      if (found == stated.dims) continue;
      return Corrupted("graph output " + QuoteName(stated.name) + " comes out as " + ToString(found) +
                       ", but the file states " + ToString(stated.dims));
    }
    return {};
  }

  const TfliteFile& file_;
  size_t budget_;  // bytes of constants left
  GraphBuilder net_;
  std::map<std::string, int> names_;  // how many tensors have it
  std::set<int32_t> used_;            // tensors whose names are taken
  std::map<std::pair<int32_t, Form>, std::optional<ValueId>> made_;
  std::map<int32_t, int32_t> aliases_;  // outputs of DEQUANTIZE to what they dequantise
};

}  // namespace

bool IsTflite(std::span<const uint8_t> bytes) {
  constexpr std::string_view kIdentifier = "TFL3";
  return bytes.size() >= 8 &&
         std::ranges::equal(bytes.subspan(4, 4), kIdentifier, {}, {}, [](char c) { return static_cast<uint8_t>(c); });
}

Result<Graph> ParseTflite(std::span<const uint8_t> bytes) {
  if (!IsTflite(bytes)) return Corrupted("it is no TensorFlow Lite file (no 'TFL3' at byte 4)");
  const FlatBuffer buffer(bytes);
  ASSIGN_OR_RETURN(const TfliteFile file, ReadTfliteFile(buffer, bytes.size()));
  auto graph = Reader(file, bytes.size()).Read();
  if (buffer.broken()) return Corrupted("something in it points outside the file, which may be cut short");
  return graph;
}

Result<Graph> ReadTflite(const FilePart& file) {
  ASSIGN_OR_RETURN(const auto bytes, file.ReadAll());
  auto graph = ParseTflite(bytes);
  if (!graph.ok()) {
    return std::move(graph).TakeError().Within("model " + QuoteName(Path(file.name()).filename().string()));
  }
  return graph;
}

Result<Graph> ReadNetwork(const FilePart& file) {
  std::array<uint8_t, 8> head{};
  if (file.size() >= static_cast<int64_t>(head.size())) {
    RETURN_IF_ERROR(file.Read(0, head));
    if (IsTflite(head)) return ReadTflite(file);
  }
  return ReadOnnx(file);
}

}  // namespace lips
