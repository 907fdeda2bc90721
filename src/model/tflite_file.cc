#include "model/tflite_file.h"

#include <algorithm>
#include <utility>

#include "model/graph.h"
#include "model/name.h"

namespace lips {
namespace {

constexpr size_t kMostTensors = 100'000;  // the largest networks have a few thousand
constexpr size_t kMostOperators = 50'000;
constexpr size_t kMostOperands = 4096;
constexpr size_t kLongestName = 200;

// Field numbers of the tables.
enum ModelField { kVersion = 0, kOperatorCodes = 1, kSubgraphs = 2, kBuffers = 4 };
enum CodeField { kOldCode = 0, kCustomCode = 1, kCode = 3 };
enum SubgraphField { kTensors = 0, kInputs = 1, kOutputs = 2, kOperators = 3 };
enum TensorField { kShape = 0, kType = 1, kBuffer = 2, kName = 3, kSparsity = 6 };
enum OperatorField { kOpcodeIndex = 0, kOpInputs = 1, kOpOutputs = 2, kOptions = 4 };
constexpr int kBufferData = 0;

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

Status CheckIndices(const std::vector<int32_t>& indices, size_t tensors, bool may_omit, std::string_view what) {
  for (const int32_t index : indices) {
    if (index == -1 && may_omit) continue;
    if (index < 0 || static_cast<size_t>(index) >= tensors) {
      return Corrupted(std::string(what) + " refers to tensor " + std::to_string(index) + " of " +
                       std::to_string(tensors));
    }
  }
  return {};
}

Result<TfliteTensor> ReadTensor(const FlatTable& table, const FlatTables& buffers) {
  TfliteTensor tensor;
  tensor.name = PrintableName(table.Text(kName, kLongestName));
  for (const int32_t dim : table.Ints(kShape, kMaxRank)) {
    if (dim < 0) return Corrupted("tensor " + QuoteName(tensor.name) + " has the dimension " + std::to_string(dim));
    tensor.dims.push_back(dim);
  }
  tensor.type = TfliteType{table.Number<int8_t>(kType)};
  tensor.sparse = table.Has(kSparsity);
  const auto buffer = table.Number<uint32_t>(kBuffer);
  if (buffer >= buffers.size()) {
    return Corrupted("tensor " + QuoteName(tensor.name) + " refers to buffer " + std::to_string(buffer) + " of " +
                     std::to_string(buffers.size()));
  }
  tensor.data = buffers[buffer].Bytes(kBufferData);
  return tensor;
}

}  // namespace

std::string NameOf(TfliteOp op) {
  switch (op) {
    case TfliteOp::kAdd: return "ADD";
    case TfliteOp::kAveragePool: return "AVERAGE_POOL_2D";
    case TfliteOp::kConcatenation: return "CONCATENATION";
    case TfliteOp::kConv: return "CONV_2D";
    case TfliteOp::kDepthwiseConv: return "DEPTHWISE_CONV_2D";
    case TfliteOp::kDequantize: return "DEQUANTIZE";
    case TfliteOp::kLogistic: return "LOGISTIC";
    case TfliteOp::kMaxPool: return "MAX_POOL_2D";
    case TfliteOp::kMul: return "MUL";
    case TfliteOp::kRelu: return "RELU";
    case TfliteOp::kReluN1To1: return "RELU_N1_TO_1";
    case TfliteOp::kRelu6: return "RELU6";
    case TfliteOp::kReshape: return "RESHAPE";
    case TfliteOp::kResizeBilinear: return "RESIZE_BILINEAR";
    case TfliteOp::kCustom: return "custom operator";
    case TfliteOp::kPad: return "PAD";
    case TfliteOp::kSub: return "SUB";
    case TfliteOp::kPrelu: return "PRELU";
  }
  return "operator " + std::to_string(static_cast<int>(op));
}

Result<TfliteFile> ReadTfliteFile(const FlatBuffer& buffer, size_t bytes) {
  const FlatTable model = buffer.Root();
  const auto version = model.Number<uint32_t>(kVersion);
  if (!buffer.broken() && version != 3) {
    return Error(ErrorCode::kUnsupported, "it has version " + std::to_string(version) + " of the schema, expected 3");
  }
  const FlatTables codes = model.Tables(kOperatorCodes, kMostOperators);
  const FlatTables buffers = model.Tables(kBuffers, kMostTensors);
  const FlatTables subgraphs = model.Tables(kSubgraphs, kMostTensors);
  if (buffer.broken() || subgraphs.size() == 0) return Corrupted("it holds no graph, or is cut short");
  if (subgraphs.size() > 1) {
    return Error(ErrorCode::kUnsupported, "it holds " + std::to_string(subgraphs.size()) + " graphs, expected one");
  }
  const FlatTable graph = subgraphs[0];
  TfliteFile file;
  const FlatTables tensors = graph.Tables(kTensors, kMostTensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    ASSIGN_OR_RETURN(TfliteTensor tensor, ReadTensor(tensors[i], buffers));
    file.tensors.push_back(std::move(tensor));
  }
  file.inputs = graph.Ints(kInputs, kMostOperands);
  file.outputs = graph.Ints(kOutputs, kMostOperands);
  RETURN_IF_ERROR(CheckIndices(file.inputs, file.tensors.size(), false, "a graph input"));
  RETURN_IF_ERROR(CheckIndices(file.outputs, file.tensors.size(), false, "a graph output"));
  const FlatTables operators = graph.Tables(kOperators, kMostOperators);
  size_t operands = 0;  // lists may share bytes, so that a small file could unfold into much
  for (size_t i = 0; i < operators.size(); ++i) {
    const FlatTable table = operators[i];
    TfliteOperator node;
    const auto code = table.Number<uint32_t>(kOpcodeIndex);
    if (code >= codes.size()) return Corrupted("operator " + std::to_string(i) + " has no code");
    const FlatTable entry = codes[code];
    node.op = TfliteOp{std::max<int32_t>(entry.Number<int8_t>(kOldCode), entry.Number<int32_t>(kCode))};
    node.custom = PrintableName(entry.Text(kCustomCode, kLongestName));
    node.inputs = table.Ints(kOpInputs, kMostOperands);
    node.outputs = table.Ints(kOpOutputs, kMostOperands);
    node.options = table.Table(kOptions);
    operands += node.inputs.size() + node.outputs.size();
    if (operands > bytes) return Corrupted("its operators share their operands");
    const std::string what = NameOf(node.op) + " (operator " + std::to_string(i) + ")";
    RETURN_IF_ERROR(CheckIndices(node.inputs, file.tensors.size(), true, what));
    RETURN_IF_ERROR(CheckIndices(node.outputs, file.tensors.size(), false, what));
    file.operators.push_back(std::move(node));
  }
  if (buffer.broken()) return Corrupted("something in it points outside the file, which may be cut short");
  return file;
}

}  // namespace lips
