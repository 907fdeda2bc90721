#include "model/info.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "model/binding.h"
#include "model/shape.h"

namespace lips {
namespace {

Json DimsJson(const Value& value) {
  if (!value.has_shape) return {};
  Json::Array dims;
  for (const int64_t dim : value.dims) {
    dims.emplace_back(nullptr);
    if (dim != kDynamicDim) dims.back() = dim;
  }
  return dims;
}

Json ValuesJson(const Graph& graph, const std::vector<ValueId>& ids) {
  Json::Array list;
  for (const ValueId id : ids) {
    const Value& value = graph.values[static_cast<size_t>(id)];
    list.push_back(
        Json::Object({{"name", PrintableName(value.name)}, {"dtype", Name(value.dtype)}, {"dims", DimsJson(value)}}));
  }
  return list;
}

Json OperatorsJson(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes) ++counts[PrintableName(node.op)];
  Json operators = Json::Object();
  for (const auto& [op, count] : counts) operators.Set(op, count);
  return operators;
}

void SetBinding(const Graph& graph, Json& info) {
  const auto generator = BindGenerator(graph);
  if (generator.ok()) {
    info.Set("binding", Json::Object({{"as", "generator"}, {"text", Describe(graph, generator.value())}}));
    return;
  }
  const auto encoder = BindEncoder(graph);
  if (encoder.ok()) {
    info.Set("binding", Json::Object({{"as", "audio encoder"}, {"text", Describe(graph, encoder.value())}}));
    return;
  }
  info.Set("binding", Json());
  // The likelier of the two explanations: an encoder has one input.
  info.Set("binding_note", (graph.inputs.size() == 1 ? encoder.error() : generator.error()).message());
}

Result<Graph> InferForOne(const Graph& graph) {
  ASSIGN_OR_RETURN(const auto dims, ConcreteInputDims(graph, 1));
  return InferShapes(graph, dims);
}

// A node without a name goes by what it makes.
std::string LayerName(const Graph& graph, const Node& node) {
  if (!node.name.empty()) return PrintableName(node.name);
  return node.outputs[0] == kNoValue ? "" : PrintableName(graph.values[static_cast<size_t>(node.outputs[0])].name);
}

void SetCosts(const Graph& graph, Json& info) {
  const auto inferred = InferForOne(graph);
  Json::Array layers;
  if (!inferred.ok()) {
    info.Set("macs", Json());
    info.Set("shape_note", inferred.error().message());
    info.Set("layers", std::move(layers));
    return;
  }
  double total = 0;  // a sum of saturated counts may pass int64
  for (const Node& node : inferred.value().nodes) {
    const int64_t macs = MacCount(inferred.value(), node);
    total += static_cast<double>(macs);
    const ValueId made = node.outputs[0];
    Json dims = made == kNoValue ? Json() : DimsJson(inferred.value().values[static_cast<size_t>(made)]);
    layers.push_back(Json::Object({{"name", LayerName(inferred.value(), node)},
                                   {"op", PrintableName(node.op)},
                                   {"dims", std::move(dims)},
                                   {"macs", macs}}));
  }
  info.Set("macs", total < 0x1p62 ? Json(static_cast<int64_t>(total)) : Json(total));
  info.Set("layers", std::move(layers));
}

std::string DimsText(const Json& dims) {
  if (dims.is_null()) return "[unknown]";
  Dims plain;
  for (const Json& dim : dims.array()) plain.push_back(dim.is_null() ? kDynamicDim : dim.as_int());
  return ToString(plain);
}

std::string Padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string RightAligned(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// 4886.4 for 4886404352.
std::string Millions(double count) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", count / 1e6);
  return text;
}

const Json& Member(const Json& object, std::string_view key) {
  static const Json nothing;
  const Json* found = object.Find(key);
  return found != nullptr ? *found : nothing;
}

void AppendValues(const Json& info, std::string_view key, std::string_view title, std::string& text) {
  for (const Json& value : Member(info, key).array()) {
    text += Padded(std::string(title), 12) + "'" + Member(value, "name").as_string() + "' " +
            Member(value, "dtype").as_string() + DimsText(Member(value, "dims")) + "\n";
  }
}

void AppendLayers(const Json& info, std::string& text) {
  const auto& layers = Member(info, "layers").array();
  if (layers.empty()) return;
  constexpr size_t kNameWidth = 40;
  constexpr size_t kOpWidth = 20;
  constexpr size_t kDimsWidth = 20;
  text += "\n" + Padded("layer", kNameWidth) + " " + Padded("operator", kOpWidth) + " " + Padded("output", kDimsWidth) +
          "      MMAC\n";
  for (const Json& layer : layers) {
    const double macs = Member(layer, "macs").as_double();
    text += Padded(Member(layer, "name").as_string(), kNameWidth) + " " +
            Padded(Member(layer, "op").as_string(), kOpWidth) + " " +
            Padded(DimsText(Member(layer, "dims")), kDimsWidth) + RightAligned(macs > 0 ? Millions(macs) : "-", 10) +
            "\n";
  }
}

}  // namespace

Json ModelInfo(const Graph& graph) {
  size_t weight_bytes = 0;
  for (const auto& [id, tensor] : graph.constants) weight_bytes += tensor.bytes();
  Json info = Json::Object({{"name", PrintableName(graph.name)},
                            {"opset", graph.opset},
                            {"inputs", ValuesJson(graph, graph.inputs)},
                            {"outputs", ValuesJson(graph, graph.outputs)},
                            {"operators", OperatorsJson(graph)},
                            {"parameters", ParameterCount(graph)},
                            {"weight_bytes", weight_bytes}});
  SetBinding(graph, info);
  SetCosts(graph, info);
  return info;
}

std::string FormatModelInfo(const Json& info) {
  std::string text;
  text += Padded("operators", 12);
  bool first = true;
  for (const auto& [op, count] : Member(info, "operators").members()) {
    text += (first ? "" : ", ") + std::to_string(count.as_int()) + " " + op;
    first = false;
  }
  text += "\n" + Padded("opset", 12) + std::to_string(Member(info, "opset").as_int()) + "\n";
  AppendValues(info, "inputs", "input", text);
  AppendValues(info, "outputs", "output", text);
  text += Padded("parameters", 12) + std::to_string(Member(info, "parameters").as_int()) + " (" +
          Millions(Member(info, "weight_bytes").as_double()) + " MB)\n";
  const Json& macs = Member(info, "macs");
  text += Padded("cost", 12) +
          (macs.is_null() ? "unknown: " + Member(info, "shape_note").as_string()
                          : Millions(macs.as_double()) + " MMAC per frame or row") +
          "\n";
  const Json& binding = Member(info, "binding");
  text += Padded("binding", 12) +
          (binding.is_null() ? Member(info, "binding_note").as_string()
                             : Member(binding, "as").as_string() + ": " + Member(binding, "text").as_string()) +
          "\n";
  AppendLayers(info, text);
  return text;
}

}  // namespace lips
