#include <onnx.pb.h>

#include <algorithm>
#include <limits>
#include <new>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "model/message_budget.h"
#include "model/node_type.h"
#include "model/onnx.h"
#include "model/onnx_tensor.h"
#include "model/sort.h"

namespace lips {
namespace {

constexpr int64_t kMaxWeightBytes = int64_t{8} << 30;  // far above any network of this trade

constexpr int kMostNodes = 50'000;  // passes may be quadratic; the largest networks have a few thousand

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }
Error Unsupported(std::string message) { return Error(ErrorCode::kUnsupported, std::move(message)); }

bool IsDefaultDomain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

Result<int> ReadOpset(const onnx::ModelProto& model) {
  int64_t opset = 0;
  for (const auto& entry : model.opset_import()) {
    if (!IsDefaultDomain(entry.domain())) continue;  // harmless unless a node uses it
    if (opset != 0 && opset != entry.version())
      return Corrupted("two versions of the default operator set are imported");
    opset = entry.version();
  }
  if (opset == 0) return Corrupted("it does not say which operator set it uses");
  if (opset < kMinOpset || opset > kMaxOpset) {
    return Unsupported("it uses operator set " + std::to_string(opset) + "; " + std::to_string(kMinOpset) + " to " +
                       std::to_string(kMaxOpset) + " are supported (export it again with opset_version=17)");
  }
  return static_cast<int>(opset);
}

// Declared type and shape of `info` into `value`; a value without a declaration stays as it is.
Status ReadDeclaration(const onnx::ValueInfoProto& info, Value& value) {
  if (!info.has_type() || info.type().value_case() == onnx::TypeProto::VALUE_NOT_SET) return {};
  if (!info.type().has_tensor_type()) return Unsupported("value " + QuoteName(info.name()) + " is not a plain tensor");
  const auto& type = info.type().tensor_type();
  auto dtype = DTypeFromOnnx(type.elem_type());
  if (!dtype.ok()) return std::move(dtype).TakeError().Within("value " + QuoteName(info.name()));
  value.dtype = dtype.value();
  value.has_shape = type.has_shape();
  value.dims.clear();
  for (const auto& dim : type.shape().dim()) {
    if (dim.has_dim_value() && dim.dim_value() < kDynamicDim) {
      return Corrupted("value " + QuoteName(info.name()) + " has the dimension " + std::to_string(dim.dim_value()));
    }
    value.dims.push_back(dim.has_dim_value() ? dim.dim_value() : kDynamicDim);
  }
  return {};
}

std::string AttributeTypeName(int type) {
  if (!onnx::AttributeProto::AttributeType_IsValid(type)) return "type " + std::to_string(type);
  return onnx::AttributeProto::AttributeType_Name(static_cast<onnx::AttributeProto::AttributeType>(type));
}

// Files before IR version 2 leave the type out; then the field that is filled tells.
int TypeOf(const onnx::AttributeProto& proto) {
  if (proto.type() != onnx::AttributeProto::UNDEFINED) return proto.type();
  if (proto.has_f()) return onnx::AttributeProto::FLOAT;
  if (proto.has_i()) return onnx::AttributeProto::INT;
  if (proto.has_s()) return onnx::AttributeProto::STRING;
  if (proto.has_t()) return onnx::AttributeProto::TENSOR;
  if (proto.floats_size() > 0) return onnx::AttributeProto::FLOATS;
  if (proto.ints_size() > 0) return onnx::AttributeProto::INTS;
  return onnx::AttributeProto::UNDEFINED;
}

Result<Attribute> ReadAttribute(const onnx::AttributeProto& proto, const Path& folder) {
  if (!proto.ref_attr_name().empty()) return Unsupported("it belongs to a function, and functions are not supported");
  switch (const int type = TypeOf(proto)) {
    case onnx::AttributeProto::FLOAT: return Attribute(proto.f());
    case onnx::AttributeProto::INT: return Attribute(int64_t{proto.i()});
    case onnx::AttributeProto::STRING: return Attribute(proto.s());
    case onnx::AttributeProto::FLOATS:
      return Attribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case onnx::AttributeProto::INTS: return Attribute(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case onnx::AttributeProto::TENSOR: {
      ASSIGN_OR_RETURN(Tensor tensor, TensorFromOnnx(proto.t(), folder));
      return Attribute(std::move(tensor));
    }
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS: return Unsupported("subgraphs are not supported");
    default: return Unsupported("attributes of type " + AttributeTypeName(type) + " are not supported");
  }
}

// The tensor a Constant node stands for.
Result<Tensor> ConstantOf(const Node& node) {
  if (node.attributes.size() != 1) {
    return Corrupted("it has " + std::to_string(node.attributes.size()) + " attributes instead of one");
  }
  const auto& [key, value] = *node.attributes.begin();
  if (const auto* tensor = std::get_if<Tensor>(&value)) return tensor->Share();
  if (const auto* f = std::get_if<float>(&value)) return Tensor::Of<float>({}, std::span(f, 1));
  if (const auto* i = std::get_if<int64_t>(&value)) return Tensor::Of<int64_t>({}, std::span(i, 1));
  if (const auto* floats = std::get_if<std::vector<float>>(&value)) {
    return Tensor::Of<float>({static_cast<int64_t>(floats->size())}, *floats);
  }
  if (const auto* ints = std::get_if<std::vector<int64_t>>(&value)) {
    return Tensor::Of<int64_t>({static_cast<int64_t>(ints->size())}, *ints);
  }
  return Unsupported("text constants are not supported");
}

std::string Describe(const onnx::NodeProto& proto, int index) {
  Node node;
  node.op = proto.op_type();
  node.name = proto.name();
  return DescribeNode(node, index);
}

class GraphReader {
 public:
  GraphReader(onnx::GraphProto& proto, int opset, Path folder) : proto_(proto), folder_(std::move(folder)) {
    graph_.opset = opset;
    graph_.name = proto.name();
  }

  Result<Graph> Read() {
    if (proto_.sparse_initializer_size() > 0) return Unsupported("sparse initialisers are not supported");
    if (proto_.output_size() == 0) return Corrupted("the graph has no outputs");
    if (proto_.node_size() > kMostNodes) {
      return Error(ErrorCode::kResourceLimit, "the graph has " + std::to_string(proto_.node_size()) +
                                                  " nodes; at most " + std::to_string(kMostNodes) + " are read");
    }
    RETURN_IF_ERROR(ReadInitialiserNames());
    RETURN_IF_ERROR(ReadInputs());
    RETURN_IF_ERROR(ReadInitialisers());
    RETURN_IF_ERROR(ReadNodeOutputs());
    RETURN_IF_ERROR(ReadNodes());
    RETURN_IF_ERROR(ReadOutputs());
    RETURN_IF_ERROR(SortNodes(graph_));
    RETURN_IF_ERROR(ReadTypes());
    RETURN_IF_ERROR(Validate(graph_));
    return std::move(graph_);
  }

 private:
  Value& At(ValueId id) { return graph_.values[static_cast<size_t>(id)]; }

  Result<ValueId> Define(const std::string& name) {
    if (name.empty()) return Corrupted("a value has no name");
    const ValueId id = graph_.AddValue({.name = name, .dims = {}});
    if (!ids_.emplace(name, id).second) return Corrupted("value " + QuoteName(name) + " is defined twice");
    return id;
  }

  Status DefineConstant(const std::string& name, Tensor tensor) {
    weight_bytes_ += static_cast<int64_t>(tensor.bytes());
    if (weight_bytes_ > kMaxWeightBytes) {
      return Error(ErrorCode::kResourceLimit,
                   "its constants have more than " + std::to_string(kMaxWeightBytes >> 30) + " GiB");
    }
    ASSIGN_OR_RETURN(const ValueId id, Define(name));
    Value& value = At(id);
    value.dtype = tensor.dtype();
    value.has_shape = true;
    value.dims = tensor.dims();
    graph_.constants.emplace(id, std::move(tensor));
    return {};
  }

  // Needed before the inputs: files of old list every initialiser as an input too.
  Status ReadInitialiserNames() {
    for (const auto& tensor : proto_.initializer()) initialisers_.insert(tensor.name());
    return {};
  }

  Status ReadInputs() {
    for (const auto& info : proto_.input()) {
      if (initialisers_.contains(info.name())) continue;
      if (info.type().tensor_type().elem_type() == 0 && !info.type().has_sequence_type()) {
        return Corrupted("graph input " + QuoteName(info.name()) + " has no type");
      }
      ASSIGN_OR_RETURN(const ValueId id, Define(info.name()));
      RETURN_IF_ERROR(ReadDeclaration(info, At(id)));
      graph_.inputs.push_back(id);
    }
    return {};
  }

  Status ReadInitialisers() {
    for (auto& proto : *proto_.mutable_initializer()) {
      auto tensor = TensorFromOnnx(proto, folder_);
      if (!tensor.ok()) return std::move(tensor).TakeError().Within("initialiser " + QuoteName(proto.name()));
      const std::string name = proto.name();
      proto.Clear();  // large models are not held twice
      RETURN_IF_ERROR(DefineConstant(name, std::move(tensor).value()));
    }
    return {};
  }

  Status ReadNodeOutputs() {
    for (const auto& node : proto_.node()) {
      if (node.op_type() == "Constant" && IsDefaultDomain(node.domain())) continue;
      for (const auto& name : node.output()) {
        if (!name.empty()) RETURN_IF_ERROR(Define(name));
      }
    }
    return {};
  }

  Status ReadNodes() {
    // Constants first: they may be written after their users.
    for (const bool constants : {true, false}) {
      for (int n = 0; n < proto_.node_size(); ++n) {
        const auto& proto = proto_.node(n);
        const bool is_constant = proto.op_type() == "Constant" && IsDefaultDomain(proto.domain());
        if (is_constant != constants) continue;
        Status status = is_constant ? ReadConstantNode(proto) : ReadNode(proto);
        if (!status.ok()) return std::move(status).TakeError().Within(Describe(proto, n));
      }
    }
    return {};
  }

  Status ReadConstantNode(const onnx::NodeProto& proto) {
    Node node;
    RETURN_IF_ERROR(ReadAttributes(proto, node));
    if (proto.output_size() != 1) return Corrupted("it has " + std::to_string(proto.output_size()) + " outputs");
    ASSIGN_OR_RETURN(Tensor tensor, ConstantOf(node));
    return DefineConstant(proto.output(0), std::move(tensor));
  }

  Status ReadNode(const onnx::NodeProto& proto) {
    if (!IsDefaultDomain(proto.domain())) {
      return Unsupported("it is an operator of the domain " + QuoteName(proto.domain()) +
                         "; only ONNX's own operators are supported");
    }
    Node node;
    node.name = proto.name();
    node.op = proto.op_type();
    RETURN_IF_ERROR(ReadAttributes(proto, node));
    for (const auto& name : proto.input()) {
      const auto found = ids_.find(name);
      if (!name.empty() && found == ids_.end()) {
        return Corrupted("its input " + QuoteName(name) + " is no graph input, no initialiser and no node's output");
      }
      node.inputs.push_back(name.empty() ? kNoValue : found->second);
    }
    for (const auto& name : proto.output()) node.outputs.push_back(name.empty() ? kNoValue : ids_.at(name));
    graph_.nodes.push_back(std::move(node));
    return {};
  }

  Status ReadAttributes(const onnx::NodeProto& proto, Node& node) {
    for (const auto& attribute : proto.attribute()) {
      auto value = ReadAttribute(attribute, folder_);
      if (!value.ok()) return std::move(value).TakeError().Within("attribute " + QuoteName(attribute.name()));
      if (!node.attributes.emplace(attribute.name(), std::move(value).value()).second) {
        return Corrupted("it has the attribute " + QuoteName(attribute.name()) + " twice");
      }
    }
    return {};
  }

  Status ReadOutputs() {
    for (const auto& info : proto_.output()) {
      const auto found = ids_.find(info.name());
      if (found == ids_.end()) return Corrupted("graph output " + QuoteName(info.name()) + " is made by no node");
      graph_.outputs.push_back(found->second);
    }
    return {};
  }

  // Every value gets a type: the declared one, or what its operator makes. Shapes are as declared.
  Status ReadTypes() {
    std::vector<bool> declared(graph_.values.size(), false);
    for (const auto* infos : {&proto_.value_info(), &proto_.output()}) {
      for (const auto& info : *infos) {
        const auto found = ids_.find(info.name());
        if (found == ids_.end() || graph_.constants.contains(found->second)) continue;
        if (std::ranges::find(graph_.inputs, found->second) != graph_.inputs.end()) continue;
        RETURN_IF_ERROR(ReadDeclaration(info, At(found->second)));
        declared[static_cast<size_t>(found->second)] = info.has_type();
      }
    }
    for (const Node& node : graph_.nodes) {
      for (size_t k = 0; k < node.outputs.size(); ++k) {
        const ValueId id = node.outputs[k];
        if (id == kNoValue || declared[static_cast<size_t>(id)]) continue;
        ASSIGN_OR_RETURN(At(id).dtype, OutputDType(graph_, node, k));
      }
    }
    return {};
  }

  onnx::GraphProto& proto_;
  Path folder_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
  std::unordered_set<std::string> initialisers_;
  int64_t weight_bytes_ = 0;
};

Result<Graph> Parse(std::span<const uint8_t> bytes, const Path& folder) {
  if (bytes.empty()) return Corrupted("the file is empty");
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return Error(ErrorCode::kResourceLimit, "it has more than 2 GiB, the limit of the format");
  }
  constexpr std::string_view kLfsPointer = "version https://git-lfs";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with(kLfsPointer)) {
    return Corrupted("it is a Git LFS pointer, not the model itself (fetch it with 'git lfs pull')");
  }
  RETURN_IF_ERROR(CheckMessageBudget(bytes));
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Corrupted("it is no complete ONNX model (" + std::to_string(bytes.size()) +
                     " bytes that are cut short or something else)");
  }
  if (!model.has_graph()) return Corrupted("it holds no graph, so it is no ONNX model");
  ASSIGN_OR_RETURN(const int opset, ReadOpset(model));
  if (model.functions_size() > 0) return Unsupported("model-local functions are not supported");
  return GraphReader(*model.mutable_graph(), opset, folder).Read();
}

// Protobuf reports lack of memory by throwing; nothing else here does.
Result<Graph> ParseWithinMemory(std::span<const uint8_t> bytes, const Path& folder) {
  try {
    return Parse(bytes, folder);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kResourceLimit, "there is not enough memory to read it");
  }
}

}  // namespace

Result<Graph> ParseOnnx(std::span<const uint8_t> bytes) { return ParseWithinMemory(bytes, {}); }

Result<Graph> ReadOnnx(const Path& path) {
  ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(path));
  return ReadOnnx(file);
}

Result<Graph> ReadOnnx(const FilePart& file) {
  ASSIGN_OR_RETURN(const auto bytes, file.ReadAll());
  const Path path = file.name();
  Path folder;  // where external data may lie
  if (file.is_whole_file()) folder = path.has_parent_path() ? path.parent_path() : Path(".");
  auto graph = ParseWithinMemory(bytes, folder);
  if (!graph.ok()) return std::move(graph).TakeError().Within("model " + QuoteName(path.filename().string()));
  return graph;
}

}  // namespace lips
