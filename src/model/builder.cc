#include "model/builder.h"

#include "model/node_type.h"

namespace lips {

ValueId GraphBuilder::Input(std::string name, Dims dims, DType dtype) {
  const ValueId id =
      graph_.AddValue({.name = std::move(name), .dtype = dtype, .has_shape = true, .dims = std::move(dims)});
  graph_.inputs.push_back(id);
  return id;
}

ValueId GraphBuilder::Constant(std::string name, Tensor tensor) {
  const ValueId id =
      graph_.AddValue({.name = std::move(name), .dtype = tensor.dtype(), .has_shape = true, .dims = tensor.dims()});
  graph_.constants.emplace(id, std::move(tensor));
  return id;
}

ValueId GraphBuilder::Ints(std::vector<int64_t> values) {
  return Constant({}, Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

ValueId GraphBuilder::Floats(std::vector<float> values) {
  return Constant({}, Tensor::Of<float>({static_cast<int64_t>(values.size())}, values));
}

ValueId GraphBuilder::Add(std::string_view op, std::vector<ValueId> inputs, Attributes attributes, std::string name) {
  Node node;
  node.name = name;
  node.op = op;
  node.inputs = std::move(inputs);
  for (const auto& [key, value] : attributes) node.attributes.insert_or_assign(std::string(key), CloneOf(value));
  const auto dtype = OutputDType(graph_, node, 0);
  const ValueId id =
      graph_.AddValue({.name = std::move(name), .dtype = dtype.ok() ? dtype.value() : DType::kF32, .dims = {}});
  node.outputs = {id};
  graph_.nodes.push_back(std::move(node));
  return id;
}

void GraphBuilder::Output(ValueId value, std::string name) {
  if (!name.empty()) graph_.values[static_cast<size_t>(value)].name = std::move(name);
  graph_.outputs.push_back(value);
}

void GraphBuilder::Output(ValueId value, std::string name, Dims dims) {
  Output(value, std::move(name));
  Value& output = graph_.values[static_cast<size_t>(value)];
  output.has_shape = true;
  output.dims = std::move(dims);
}

}  // namespace lips
