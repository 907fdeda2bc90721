// For tests: writes small TensorFlow Lite files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/tflite_file.h"

namespace lips {

// A FlatBuffers table or list, before it is bytes. Fields go by their number in the schema.
class FlatNode {
 public:
  static FlatNode Table() { return FlatNode(Kind::kTable); }
  template <typename T>
  static FlatNode List(const std::vector<T>& values) {
    FlatNode list(Kind::kList);
    list.count_ = values.size();
    list.bytes_.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(list.bytes_.data(), values.data(), list.bytes_.size());
    return list;
  }
  static FlatNode Text(const std::string& text) { return List(std::vector<char>(text.begin(), text.end())); }
  static FlatNode Tables(std::vector<FlatNode> tables) {
    FlatNode list(Kind::kTables);
    list.items_ = std::move(tables);
    return list;
  }

  template <typename T>
  FlatNode& Number(int field, T value) {
    numbers_[field].resize(sizeof(T));
    std::memcpy(numbers_[field].data(), &value, sizeof(T));
    return *this;
  }
  FlatNode& Child(int field, FlatNode child) {
    children_.insert_or_assign(field, std::make_shared<FlatNode>(std::move(child)));
    return *this;
  }

  // A file whose root this is; the identifier has four letters.
  std::vector<uint8_t> File(const std::string& identifier) const {
    std::vector<uint8_t> out(8);
    for (size_t i = 0; i < 4; ++i) out[4 + i] = static_cast<uint8_t>(identifier.at(i));
    Point(out, 0, Write(out));
    return out;
  }

 private:
  enum class Kind : uint8_t { kTable, kList, kTables };
  explicit FlatNode(Kind kind) : kind_(kind) {}

  template <typename T>
  static void Put(std::vector<uint8_t>& out, size_t at, T value) {
    std::memcpy(out.data() + at, &value, sizeof(T));
  }
  static void Point(std::vector<uint8_t>& out, size_t from, size_t to) {
    Put(out, from, static_cast<uint32_t>(to - from));
  }

  // Appends this and what it refers to; where it begins.
  size_t Write(std::vector<uint8_t>& out) const {
    out.resize((out.size() + 3) / 4 * 4);
    if (kind_ == Kind::kTable) return WriteTable(out);
    const size_t begin = out.size();
    out.resize(begin + 4 + (kind_ == Kind::kList ? bytes_.size() : 4 * items_.size()));
    Put(out, begin, static_cast<uint32_t>(kind_ == Kind::kList ? count_ : items_.size()));
    if (!bytes_.empty()) std::memcpy(out.data() + begin + 4, bytes_.data(), bytes_.size());
    for (size_t i = 0; i < items_.size(); ++i) Point(out, begin + 4 + 4 * i, items_[i].Write(out));
    return begin;
  }

  size_t WriteTable(std::vector<uint8_t>& out) const {
    int fields = 0;
    for (const auto& [field, bytes] : numbers_) fields = std::max(fields, field + 1);
    for (const auto& [field, child] : children_) fields = std::max(fields, field + 1);
    const size_t layout = out.size();
    const size_t layout_bytes = 4 + 2 * static_cast<size_t>(fields);
    const size_t table = layout + (layout_bytes + 3) / 4 * 4;
    out.resize(table + 4 + 4 * (numbers_.size() + children_.size()));  // every number fits into four bytes here
    Put(out, layout, static_cast<uint16_t>(layout_bytes));
    Put(out, layout + 2, static_cast<uint16_t>(out.size() - table));
    Put(out, table, static_cast<int32_t>(table - layout));
    size_t next = 4;
    const auto place = [&](int field) {
      Put(out, layout + 4 + 2 * static_cast<size_t>(field), static_cast<uint16_t>(next));
      next += 4;
      return table + next - 4;
    };
    for (const auto& [field, bytes] : numbers_) std::memcpy(out.data() + place(field), bytes.data(), bytes.size());
    std::vector<std::pair<size_t, const FlatNode*>> pending;
    for (const auto& [field, child] : children_) pending.emplace_back(place(field), child.get());
    for (const auto& [from, child] : pending) Point(out, from, child->Write(out));
    return table;
  }

  Kind kind_;
  size_t count_ = 0;
  std::vector<uint8_t> bytes_;
  std::vector<FlatNode> items_;
  std::map<int, std::vector<uint8_t>> numbers_;
  std::map<int, std::shared_ptr<FlatNode>> children_;
};

// Collects tensors and operators of a network.
class TfliteBuilder {
 public:
  // An activation or, with `data`, a constant. Returns its index.
  int32_t Tensor(const std::string& name, const std::vector<int32_t>& shape, TfliteType type = TfliteType::kF32,
                 const std::vector<uint8_t>& data = {}) {
    FlatNode tensor = FlatNode::Table();
    tensor.Child(0, FlatNode::List(shape));
    tensor.Number(1, static_cast<int8_t>(type));
    tensor.Number(2, data.empty() ? uint32_t{0} : static_cast<uint32_t>(buffers_.size()));
    tensor.Child(3, FlatNode::Text(name));
    if (!data.empty()) buffers_.push_back(FlatNode::Table().Child(0, FlatNode::List(data)));
    tensors_.push_back(std::move(tensor));
    return static_cast<int32_t>(tensors_.size() - 1);
  }
  int32_t Floats(const std::string& name, const std::vector<int32_t>& shape, const std::vector<float>& values) {
    return Tensor(name, shape, TfliteType::kF32, Bytes(values));
  }
  // Halves given by their bits.
  int32_t Halves(const std::string& name, const std::vector<int32_t>& shape, const std::vector<uint16_t>& bits) {
    return Tensor(name, shape, TfliteType::kF16, Bytes(bits));
  }
  int32_t Ints(const std::string& name, const std::vector<int32_t>& shape, const std::vector<int32_t>& values) {
    return Tensor(name, shape, TfliteType::kI32, Bytes(values));
  }
  void Operator(TfliteOp op, const std::vector<int32_t>& inputs, int32_t output, FlatNode options = FlatNode::Table()) {
    FlatNode code = FlatNode::Table();
    code.Number(0, static_cast<int8_t>(op)).Number(3, static_cast<int32_t>(op));
    FlatNode node = FlatNode::Table();
    node.Number(0, static_cast<uint32_t>(codes_.size()));
    node.Child(1, FlatNode::List(inputs)).Child(2, FlatNode::List(std::vector<int32_t>{output}));
    node.Child(4, std::move(options));
    codes_.push_back(std::move(code));
    operators_.push_back(std::move(node));
  }
  std::vector<uint8_t> File(const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs) const {
    FlatNode graph = FlatNode::Table();
    graph.Child(0, FlatNode::Tables(tensors_)).Child(1, FlatNode::List(inputs)).Child(2, FlatNode::List(outputs));
    graph.Child(3, FlatNode::Tables(operators_));
    FlatNode model = FlatNode::Table();
    model.Number(0, uint32_t{3}).Child(1, FlatNode::Tables(codes_)).Child(2, FlatNode::Tables({graph}));
    model.Child(4, FlatNode::Tables(buffers_));
    return model.File("TFL3");
  }

  // Options: stride and padding (0 same, 1 valid) of convolutions; also with a window, of pools.
  static FlatNode Stride(int32_t rows, int32_t columns, int8_t padding) {
    return FlatNode::Table().Number(0, padding).Number(1, columns).Number(2, rows);
  }
  static FlatNode Pool(int32_t rows, int32_t columns, int8_t padding) {
    return Stride(rows, columns, padding).Number(3, columns).Number(4, rows);
  }

 private:
  template <typename T>
  static std::vector<uint8_t> Bytes(const std::vector<T>& values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }

  std::vector<FlatNode> tensors_, operators_, codes_;
  std::vector<FlatNode> buffers_ = {FlatNode::Table()};  // the first one is empty, by custom
};

// Every operator the reader knows, in a network of a few numbers: x [1,5,6,2] -> scores [1,12,2] and cells [1,3,3,4].
inline std::vector<uint8_t> TinyTflite() {
  using Op = TfliteOp;
  TfliteBuilder net;
  const int32_t x = net.Tensor("x", {1, 5, 6, 2});
  const int32_t half = net.Halves("w16", {2, 3, 3, 2}, std::vector<uint16_t>(36, 0x3800));  // 0.5
  const int32_t w = net.Tensor("w", {2, 3, 3, 2});
  net.Operator(Op::kDequantize, {half}, w);
  const int32_t bias = net.Floats("b", {2}, {0.25F, -1});
  const int32_t conv = net.Tensor("conv", {1, 3, 3, 2});
  net.Operator(Op::kConv, {x, w, bias}, conv, TfliteBuilder::Stride(2, 2, 0).Number(3, int8_t{1}));
  const int32_t slope = net.Floats("slope", {1, 1, 2}, {0.5F, 2});
  const int32_t bent = net.Tensor("bent", {1, 3, 3, 2});
  net.Operator(Op::kPrelu, {conv, slope}, bent);
  const int32_t pads = net.Ints("pads", {4, 2}, {0, 0, 0, 0, 0, 0, 0, 2});
  const int32_t wide = net.Tensor("wide", {1, 3, 3, 4});
  net.Operator(Op::kPad, {bent, pads}, wide);
  const int32_t depth = net.Floats("dw", {1, 3, 3, 4}, std::vector<float>(36, 0.125F));
  const int32_t deep = net.Tensor("deep", {1, 3, 3, 4});
  net.Operator(Op::kDepthwiseConv, {wide, depth}, deep, TfliteBuilder::Stride(1, 1, 0).Number(4, int8_t{3}));
  const int32_t sum = net.Tensor("sum", {1, 3, 3, 4});
  net.Operator(Op::kAdd, {wide, deep}, sum);
  const int32_t pooled = net.Tensor("pooled", {1, 2, 2, 4});
  net.Operator(Op::kMaxPool, {sum}, pooled, TfliteBuilder::Pool(2, 2, 0));
  const int32_t size = net.Ints("size", {2}, {3, 3});
  const int32_t large = net.Tensor("large", {1, 3, 3, 4});
  net.Operator(Op::kResizeBilinear, {pooled, size}, large, FlatNode::Table().Number(3, int8_t{1}));
  const int32_t product = net.Tensor("product", {1, 3, 3, 4});
  net.Operator(Op::kMul, {large, sum}, product);
  const int32_t cells = net.Tensor("cells", {1, 3, 3, 4});
  net.Operator(Op::kLogistic, {product}, cells);
  const int32_t small = net.Tensor("small", {1, 2, 2, 4});
  net.Operator(Op::kAveragePool, {sum}, small, TfliteBuilder::Pool(2, 2, 0));
  const int32_t row = net.Tensor("row", {1, 8, 2});
  net.Operator(Op::kReshape, {small}, row);
  const int32_t narrow = net.Tensor("narrow", {1, 2, 1, 4});
  net.Operator(Op::kAveragePool, {sum}, narrow, TfliteBuilder::Pool(2, 3, 0));
  const int32_t other = net.Tensor("other", {1, 4, 2});
  net.Operator(Op::kReshape, {narrow}, other);
  const int32_t both = net.Tensor("both", {1, 12, 2});
  net.Operator(Op::kConcatenation, {row, other}, both, FlatNode::Table().Number(0, int32_t{1}));
  const int32_t shift = net.Floats("shift", {2}, {1, 0});
  const int32_t lower = net.Tensor("lower", {1, 12, 2});
  net.Operator(Op::kSub, {both, shift}, lower);
  const int32_t bounded = net.Tensor("bounded", {1, 12, 2});
  net.Operator(Op::kReluN1To1, {lower}, bounded);
  const int32_t scores = net.Tensor("scores", {1, 12, 2});
  net.Operator(Op::kRelu, {bounded}, scores);
  return net.File({x}, {scores, cells});
}

}  // namespace lips
