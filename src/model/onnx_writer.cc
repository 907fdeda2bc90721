#include <onnx.pb.h>

#include <limits>
#include <utility>

#include "model/onnx.h"
#include "model/onnx_tensor.h"

namespace lips {
namespace {

void FillValueInfo(const Value& value, onnx::ValueInfoProto& info) {
  info.set_name(value.name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(OnnxFromDType(value.dtype));
  if (!value.has_shape) return;
  auto& shape = *type.mutable_shape();
  for (size_t axis = 0; axis < value.dims.size(); ++axis) {
    auto& dim = *shape.add_dim();
    // A name says that the dimension is meant to vary; only the batch has a meaning of its own.
    if (value.dims[axis] != kDynamicDim)
      dim.set_dim_value(value.dims[axis]);
    else if (axis == 0)
      dim.set_dim_param("batch");
  }
}

struct AttributeFiller {
  onnx::AttributeProto& proto;

  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    proto.mutable_floats()->Add(values.begin(), values.end());
  }
  void operator()(const Tensor& tensor) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    FillOnnxTensor(tensor, *proto.mutable_t());
  }
};

void FillNode(const Graph& graph, const Node& node, onnx::NodeProto& proto) {
  const auto name_of = [&](ValueId id) {
    return id == kNoValue ? std::string() : graph.values[static_cast<size_t>(id)].name;
  };
  for (const ValueId id : node.inputs) proto.add_input(name_of(id));
  for (const ValueId id : node.outputs) proto.add_output(name_of(id));
  if (!node.name.empty()) proto.set_name(node.name);
  proto.set_op_type(node.op);
  for (const auto& [key, value] : node.attributes) {
    auto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    std::visit(AttributeFiller{attribute}, value);
  }
}

void FillGraph(const Graph& graph, onnx::GraphProto& proto) {
  const auto value_of = [&](ValueId id) -> const Value& { return graph.values[static_cast<size_t>(id)]; };
  proto.set_name(graph.name.empty() ? "graph" : graph.name);
  for (const ValueId id : graph.inputs) FillValueInfo(value_of(id), *proto.add_input());
  for (const ValueId id : graph.outputs) FillValueInfo(value_of(id), *proto.add_output());
  std::vector<bool> is_output(graph.values.size(), false);
  for (const ValueId id : graph.outputs) is_output[static_cast<size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    FillNode(graph, node, *proto.add_node());
    for (const ValueId id : node.outputs) {
      if (id != kNoValue && !is_output[static_cast<size_t>(id)]) FillValueInfo(value_of(id), *proto.add_value_info());
    }
  }
  for (const auto& [id, tensor] : graph.constants) {
    auto& initialiser = *proto.add_initializer();
    initialiser.set_name(value_of(id).name);
    FillOnnxTensor(tensor, initialiser);
  }
}

// Before anything is built: the structure beside the weights is small, so half of the format's limit is left for it.
Status CheckSize(const Graph& graph) {
  constexpr size_t kMostWeightBytes = size_t{2'000'000'000};
  size_t bytes = 0;
  for (const auto& [id, tensor] : graph.constants) bytes += tensor.bytes();
  if (bytes <= kMostWeightBytes) return {};
  return Error(ErrorCode::kResourceLimit,
               "the model has " + std::to_string(bytes) + " bytes of weights, and an ONNX file holds less than 2 GB");
}

}  // namespace

Result<std::vector<uint8_t>> SerializeOnnx(const Graph& graph) {
  RETURN_IF_ERROR(Validate(graph));
  RETURN_IF_ERROR(CheckSize(graph));
  onnx::ModelProto model;
  model.set_ir_version(onnx::IR_VERSION);
  model.set_producer_name("lipstream");
  model.add_opset_import()->set_version(graph.opset);
  FillGraph(graph, *model.mutable_graph());
  const size_t size = model.ByteSizeLong();
  if (size > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return Error(ErrorCode::kResourceLimit,
                 "the model has " + std::to_string(size) + " bytes, and an ONNX file holds less than 2 GB");
  }
  std::vector<uint8_t> bytes(size);
  model.SerializeToArray(bytes.data(), static_cast<int>(size));
  return bytes;
}

Status WriteOnnx(const Path& path, const Graph& graph) {
  ASSIGN_OR_RETURN(const auto bytes, SerializeOnnx(graph));
  return WriteFileAtomically(path, bytes);
}

}  // namespace lips
