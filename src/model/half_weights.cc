#include "model/half_weights.h"

#include <span>
#include <utility>

namespace lips {
namespace {

constexpr int64_t kOnnxFloat = 1;  // onnx::TensorProto::FLOAT

}  // namespace

bool HasOverflow(const Tensor& halves) {
  const std::span bytes(halves.data(), halves.bytes());
  for (size_t i = 1; i < bytes.size(); i += 2) {
    if ((bytes[i] & 0x7C) == 0x7C) return true;
  }
  return false;
}

Result<Graph> StoreWeightsAsHalf(const Graph& graph) {
  Graph half = graph.Clone();
  std::vector<Node> casts;
  for (const auto& [id, tensor] : graph.constants) {
    if (tensor.dtype() != DType::kF32 || tensor.dims().size() < 2) continue;
    const std::string name = graph.values[static_cast<size_t>(id)].name;
    Tensor halves = ToF16(tensor);
    if (HasOverflow(halves)) {
      return Error(ErrorCode::kUnsupported, "weights '" + name + "' hold numbers that do not fit into f16");
    }
    // The stored half takes a name of its own; the value everyone reads keeps its id.
    const ValueId stored =
        half.AddValue({.name = name + ".f16", .dtype = DType::kF16, .has_shape = true, .dims = tensor.dims()});
    half.constants.erase(id);
    half.constants.emplace(stored, std::move(halves));
    Node cast;
    cast.name = name + ".cast";
    cast.op = "Cast";
    cast.inputs = {stored};
    cast.outputs = {id};
    cast.attributes.emplace("to", kOnnxFloat);
    casts.push_back(std::move(cast));
  }
  for (Node& node : half.nodes) casts.push_back(std::move(node));
  half.nodes = std::move(casts);
  RETURN_IF_ERROR(Validate(half));
  return half;
}

}  // namespace lips
