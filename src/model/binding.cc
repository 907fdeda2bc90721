#include "model/binding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "model/shape.h"

namespace lips {
namespace {

constexpr std::array<int, 2> kSizesPx = {320, 160};
const std::array<Dims, 3>& AudioShapes() {
  static const std::array<Dims, 3> shapes = {Dims{32, 16, 16}, Dims{32, 32, 32}, Dims{256, 16, 32}};
  return shapes;
}
constexpr int64_t kEncoderRow = 512;

const Value& ValueOf(const Graph& graph, ValueId id) { return graph.values[static_cast<size_t>(id)]; }

Dims WithBatch(int64_t batch, const Dims& rest) {
  Dims dims = {batch};
  dims.insert(dims.end(), rest.begin(), rest.end());
  return dims;
}

// Whether a declared shape may turn out to be `dims`.
bool MayBe(const Value& value, const Dims& dims) {
  if (value.dtype != DType::kF32) return false;
  if (!value.has_shape) return true;
  if (value.dims.size() != dims.size()) return false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (value.dims[i] != kDynamicDim && dims[i] != kDynamicDim && value.dims[i] != dims[i]) return false;
  }
  return true;
}

int64_t FixedBatch(const Value& value) {
  return value.has_shape && !value.dims.empty() && value.dims[0] > 0 ? value.dims[0] : 0;
}

std::string ListValues(const Graph& graph, const std::vector<ValueId>& ids) {
  constexpr size_t kMostListed = 8;
  std::string text;
  for (size_t i = 0; i < std::min(ids.size(), kMostListed); ++i) {
    const Value& value = ValueOf(graph, ids[i]);
    if (i > 0) text += ", ";
    text += QuoteName(value.name) + " " + std::string(Name(value.dtype));
    text += value.has_shape ? ToString(value.dims) : " of unknown shape";
  }
  if (ids.size() > kMostListed) text += " and " + std::to_string(ids.size() - kMostListed) + " more";
  return ids.empty() ? "none" : text;
}

Error NotA(std::string_view what, std::string_view expected, const Graph& graph, const std::optional<Error>& reason) {
  std::string text = "the network is no " + std::string(what) + ": expected " + std::string(expected) +
                     "; found inputs " + ListValues(graph, graph.inputs) + " and outputs " +
                     ListValues(graph, graph.outputs);
  if (reason) text += " (" + reason->message() + ")";
  return Error(ErrorCode::kUnsupported, std::move(text));
}

// What the inputs, given certain shapes, lead to.
struct Outcome {
  int output = -1;             // index of the first output that has one of the wanted shapes; -1: none
  std::optional<Error> error;  // why the shapes could not be worked out
};

// `inputs` and `wanted` without their batch. An operator whose shape rule we lack leaves the declared shapes to judge
// by: another engine may know it.
Outcome Try(const Graph& graph, int64_t batch, const std::vector<Dims>& inputs, const std::vector<Dims>& wanted) {
  std::vector<Dims> dims;
  for (const Dims& input : inputs) dims.push_back(WithBatch(batch, input));
  const auto inferred = InferShapes(graph, dims);
  if (!inferred.ok() && inferred.error().code() != ErrorCode::kUnsupported) return {-1, inferred.error()};
  const Graph& judged = inferred.ok() ? inferred.value() : graph;
  for (size_t i = 0; i < judged.outputs.size(); ++i) {
    const Value& value = ValueOf(judged, judged.outputs[i]);
    if (!value.has_shape) continue;
    for (const Dims& shape : wanted) {
      if (MayBe(value, WithBatch(batch, shape))) return {static_cast<int>(i), std::nullopt};
    }
  }
  return {-1, inferred.ok() ? std::nullopt : std::optional(inferred.error())};
}

// The batch to declare: a network whose batch is open may still have 1 baked into some Reshape.
int64_t OpenOrOne(const Graph& graph, const std::vector<Dims>& inputs, const std::vector<Dims>& wanted) {
  return Try(graph, 2, inputs, wanted).output >= 0 ? 0 : 1;
}

std::string Text(const Value& value, const Dims& rest, int64_t fixed_batch) {
  return QuoteName(value.name) + " " + ToString(WithBatch(fixed_batch > 0 ? fixed_batch : kDynamicDim, rest));
}

}  // namespace

Result<GeneratorBinding> BindGenerator(const Graph& graph) {
  constexpr std::string_view kExpected =
      "an image f32[N,6,320,320] or [N,6,160,160], audio f32[N,32,16,16], [N,32,32,32] or [N,256,16,32], and an output "
      "[N,3,S,S] of the image's size";
  std::optional<Error> reason;
  for (int image = 0; graph.inputs.size() == 2 && image < 2; ++image) {
    const Value& image_value = ValueOf(graph, graph.inputs[static_cast<size_t>(image)]);
    const Value& audio_value = ValueOf(graph, graph.inputs[static_cast<size_t>(1 - image)]);
    const int64_t fixed = std::max(FixedBatch(image_value), FixedBatch(audio_value));
    const int64_t batch = std::max<int64_t>(1, fixed);
    for (const int size : kSizesPx) {
      for (const Dims& audio : AudioShapes()) {
        const Dims picture = {6, size, size};
        if (!MayBe(image_value, WithBatch(batch, picture)) || !MayBe(audio_value, WithBatch(batch, audio))) continue;
        std::vector<Dims> inputs = {picture, audio};
        if (image == 1) std::swap(inputs[0], inputs[1]);
        const std::vector<Dims> wanted = {{3, size, size}};
        Outcome outcome = Try(graph, batch, inputs, wanted);
        if (outcome.output >= 0) {
          return GeneratorBinding{image, 1 - image, outcome.output,
                                  size,  audio,     fixed > 0 ? fixed : OpenOrOne(graph, inputs, wanted)};
        }
        if (outcome.error) reason = std::move(outcome.error);
      }
    }
  }
  return NotA("mouth generator", kExpected, graph, reason);
}

Result<EncoderBinding> BindEncoder(const Graph& graph) {
  const Dims mel = {1, 80, 16};
  const std::vector<Dims> wanted = {{kEncoderRow}, {kEncoderRow, 1, 1}};
  std::optional<Error> reason;
  if (graph.inputs.size() == 1) {
    const Value& input = ValueOf(graph, graph.inputs[0]);
    const int64_t fixed = FixedBatch(input);
    const int64_t batch = std::max<int64_t>(1, fixed);
    if (MayBe(input, WithBatch(batch, mel))) {
      Outcome outcome = Try(graph, batch, {mel}, wanted);
      if (outcome.output >= 0) {
        return EncoderBinding{0, outcome.output, kEncoderRow, fixed > 0 ? fixed : OpenOrOne(graph, {mel}, wanted)};
      }
      reason = std::move(outcome.error);
    }
  }
  return NotA("audio encoder", "one input f32[N,1,80,16] and an output [N,512] or [N,512,1,1]", graph, reason);
}

std::string Describe(const Graph& graph, const GeneratorBinding& binding) {
  const Value& image = ValueOf(graph, graph.inputs[static_cast<size_t>(binding.image_input)]);
  const Value& audio = ValueOf(graph, graph.inputs[static_cast<size_t>(binding.audio_input)]);
  const Value& output = ValueOf(graph, graph.outputs[static_cast<size_t>(binding.output)]);
  const int64_t size = binding.size_px;
  return "image " + Text(image, {6, size, size}, binding.fixed_batch) + ", audio " +
         Text(audio, binding.audio_dims, binding.fixed_batch) + " -> " +
         Text(output, {3, size, size}, binding.fixed_batch);
}

std::string Describe(const Graph& graph, const EncoderBinding& binding) {
  const Value& input = ValueOf(graph, graph.inputs[static_cast<size_t>(binding.input)]);
  const Value& output = ValueOf(graph, graph.outputs[static_cast<size_t>(binding.output)]);
  return "mel " + Text(input, {1, 80, 16}, binding.fixed_batch) + " -> rows " +
         Text(output, {binding.row_floats}, binding.fixed_batch);
}

}  // namespace lips
