#include "model/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <functional>
#include <string>

#include "model/builder.h"
#include "model/test_data.h"

namespace lips {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every kind of attribute, an omitted optional input, a dynamic and an unknown dimension.
Graph EveryAttribute() {
  GraphBuilder net(13);
  const ValueId x = net.Input("x", {kDynamicDim, 3, kDynamicDim, 8});
  const ValueId w = net.Constant("w", Tensor(DType::kF16, {4, 3, 1, 1}));
  const ValueId conv =
      net.Add("Conv", {x, w}, {{"pads", std::vector<int64_t>{0, 0, 0, 0}}, {"group", int64_t{1}}}, "conv");
  const ValueId scaled = net.Add("Resize", {conv, kNoValue, net.Floats({1, 1, 2, 2})},
                                 {{"mode", std::string("linear")}, {"cubic_coeff_a", -0.75f}});
  const ValueId zeros = net.Add(
      "ConstantOfShape", {net.Ints({1})},
      {{"value", Tensor::Of<float>({1}, std::vector<float>{2.5f})}, {"unused", std::vector<float>{1.5f, -2.0f}}});
  net.Output(net.Add("Add", {scaled, zeros}), "y", {kDynamicDim, 4, kDynamicDim, 16});
  return std::move(net).Finish();
}

TEST(Onnx, WriteReadWriteIsIdentical) {
  const auto bytes = SerializeOnnx(EveryAttribute());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  const auto graph = ParseOnnx(bytes.value());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(SerializeOnnx(graph.value()).value(), bytes.value());
  EXPECT_EQ(graph.value().opset, 13);
  EXPECT_EQ(graph.value().nodes[1].inputs[1], kNoValue);
  EXPECT_EQ(graph.value().nodes[1].Float("cubic_coeff_a", 0), -0.75f);
  EXPECT_EQ(graph.value().values[0].dims, (Dims{kDynamicDim, 3, kDynamicDim, 8}));
}

TEST(Onnx, WriteReadWriteIsIdenticalForTheNetworksOfARealPackage) {
  for (const std::string file : {kGeneratorFile, kEncoderFile}) {
    const Path path = TestData(file);
    if (path.empty()) GTEST_SKIP() << "no " << file << " in LIPSTREAM_TEST_DATA";
    const auto graph = ReadOnnx(path);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    const auto bytes = SerializeOnnx(graph.value());
    ASSERT_TRUE(bytes.ok()) << bytes.error().message();
    const auto again = ParseOnnx(bytes.value());
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(SerializeOnnx(again.value()).value(), bytes.value());
  }
}

Result<Graph> ParseProto(const onnx::ModelProto& model) {
  const std::string bytes = model.SerializeAsString();
  return ParseOnnx({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

onnx::NodeProto* AddNode(onnx::GraphProto& graph, const std::string& op, std::initializer_list<const char*> inputs,
                         const std::string& output) {
  auto* node = graph.add_node();
  node->set_op_type(op);
  for (const char* input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

// x [2] -> Mul with the initialiser w [2] -> Relu -> y
onnx::ModelProto SoundModel() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  auto& graph = *model.mutable_graph();
  for (auto* info : {graph.add_input(), graph.add_output()}) {
    info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    info->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(2);
  }
  graph.mutable_input(0)->set_name("x");
  graph.mutable_output(0)->set_name("y");
  auto& w = *graph.add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(2);
  w.add_float_data(3.0f);
  w.add_float_data(4.0f);
  AddNode(graph, "Mul", {"x", "w"}, "scaled");
  AddNode(graph, "Relu", {"scaled"}, "y");
  return model;
}

struct Refusal {
  const char* what;
  std::function<void(onnx::ModelProto&)> spoil;
  ErrorCode code;
  const char* message;
};

TEST(Onnx, RefusesWhatIsMalformedOrUnsupportedByName) {
  const auto weights = [](onnx::ModelProto& m) { return m.mutable_graph()->mutable_initializer(0); };
  const auto node = [](onnx::ModelProto& m, int n) { return m.mutable_graph()->mutable_node(n); };
  const auto attribute = [&](onnx::ModelProto& m, onnx::AttributeProto::AttributeType type) {
    auto* added = node(m, 1)->add_attribute();
    added->set_name("body");
    added->set_type(type);
    return added;
  };
  constexpr auto kCorrupted = ErrorCode::kCorrupted;
  constexpr auto kUnsupported = ErrorCode::kUnsupported;
  const std::vector<Refusal> refusals = {
      {"no graph", [](auto& m) { m.clear_graph(); }, kCorrupted, "holds no graph"},
      {"no opset", [](auto& m) { m.clear_opset_import(); }, kCorrupted, "does not say which operator set"},
      {"old opset", [](auto& m) { m.mutable_opset_import(0)->set_version(10); }, kUnsupported,
       "operator set 10; 11 to 17"},
      {"new opset", [](auto& m) { m.mutable_opset_import(0)->set_version(18); }, kUnsupported, "operator set 18"},
      {"absurd opset", [](auto& m) { m.mutable_opset_import(0)->set_version(INT64_MIN); }, kUnsupported, "-922"},
      {"two opsets", [](auto& m) { m.add_opset_import()->set_version(12); }, kCorrupted, "two versions"},
      {"functions", [](auto& m) { m.add_functions(); }, kUnsupported, "functions"},
      {"another domain", [&](auto& m) { node(m, 0)->set_domain("com.example"); }, kUnsupported,
       "Mul (node 0): it is an operator of the domain 'com.example'"},
      {"no outputs", [](auto& m) { m.mutable_graph()->clear_output(); }, kCorrupted, "no outputs"},
      {"sparse", [](auto& m) { m.mutable_graph()->add_sparse_initializer(); }, kUnsupported, "sparse"},
      {"unknown input", [&](auto& m) { node(m, 0)->set_input(1, "ghost"); }, kCorrupted,
       "Mul (node 0): its input 'ghost' is no graph input, no initialiser and no node's output"},
      {"unknown output", [](auto& m) { m.mutable_graph()->mutable_output(0)->set_name("ghost"); }, kCorrupted,
       "graph output 'ghost' is made by no node"},
      {"a name twice", [&](auto& m) { node(m, 0)->set_output(0, "y"); }, kCorrupted, "value 'y' is defined twice"},
      {"initialiser twice", [](auto& m) { *m.mutable_graph()->add_initializer() = m.graph().initializer(0); },
       kCorrupted, "value 'w' is defined twice"},
      {"initialiser made by a node", [&](auto& m) { node(m, 0)->set_output(0, "w"); }, kCorrupted,
       "'w' is defined twice"},
      {"nameless initialiser", [&](auto& m) { weights(m)->clear_name(); }, kCorrupted, "no name"},
      {"a circle", [&](auto& m) { node(m, 0)->set_input(0, "y"); }, kCorrupted, "in a circle; one of them is Mul"},
      {"subgraph", [&](auto& m) { attribute(m, onnx::AttributeProto::GRAPH); }, kUnsupported,
       "Relu (node 1): attribute 'body': subgraphs are not supported"},
      {"texts", [&](auto& m) { attribute(m, onnx::AttributeProto::STRINGS); }, kUnsupported, "type STRINGS"},
      {"attribute twice",
       [&](auto& m) {
         attribute(m, onnx::AttributeProto::INT);
         attribute(m, onnx::AttributeProto::INT);
       },
       kCorrupted, "the attribute 'body' twice"},
      {"input without type", [](auto& m) { m.mutable_graph()->mutable_input(0)->clear_type(); }, kCorrupted,
       "graph input 'x' has no type"},
      {"sequence input", [](auto& m) { m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type(); },
       kUnsupported, "'x' is not a plain tensor"},
      {"text input",
       [](auto& m) {
         m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
             onnx::TensorProto::STRING);
       },
       kUnsupported, "value 'x': elements of type STRING"},
      {"negative dimension",
       [](auto& m) {
         m.mutable_graph()
             ->mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim(0)
             ->set_dim_value(-7);
       },
       kCorrupted, "'x' has the dimension -7"},
      {"too little data", [&](auto& m) { weights(m)->mutable_float_data()->RemoveLast(); }, kCorrupted,
       "initialiser 'w': float_data holds 1 values but f32[2] needs 2"},
      {"data in the wrong field", [&](auto& m) { weights(m)->set_data_type(onnx::TensorProto::INT64); }, kCorrupted,
       "int64_data holds 0 values but i64[2] needs 2"},
      {"too much raw data", [&](auto& m) { weights(m)->set_raw_data(std::string(9, 'x')); }, kCorrupted,
       "raw_data holds 9 bytes but f32[2] needs 8"},
      {"negative size", [&](auto& m) { weights(m)->set_dims(0, -2); }, kCorrupted, "initialiser 'w': dimension -2"},
      {"overflowing size",
       [&](auto& m) {
         weights(m)->set_dims(0, int64_t{1} << 62);
         weights(m)->add_dims(int64_t{1} << 62);
       },
       ErrorCode::kResourceLimit, "initialiser 'w': shape [4611686018427387904,4611686018427387904]"},
      {"large size without data", [&](auto& m) { weights(m)->set_dims(0, int64_t{1} << 39); }, kCorrupted,
       "needs 549755813888"},
      {"absurd rank", [&](auto& m) { weights(m)->mutable_dims()->Resize(1000, 1); }, kUnsupported, "1000 dimensions"},
      {"complex numbers", [&](auto& m) { weights(m)->set_data_type(onnx::TensorProto::COMPLEX64); }, kUnsupported,
       "type COMPLEX64"},
      {"unknown type", [&](auto& m) { weights(m)->set_data_type(4711); }, kUnsupported, "type 4711"},
      {"segments", [&](auto& m) { weights(m)->mutable_segment(); }, kUnsupported, "segments"},
      {"data elsewhere", [&](auto& m) { weights(m)->set_data_location(onnx::TensorProto::EXTERNAL); }, kUnsupported,
       "its data is in another file"},
      {"constant of two", [&](auto& m) { node(m, 1)->set_op_type("Constant"); }, kCorrupted,
       "Constant (node 1): it has 0 attributes instead of one"},
  };
  ASSERT_TRUE(ParseProto(SoundModel()).ok()) << ParseProto(SoundModel()).error().message();
  for (const Refusal& refusal : refusals) {
    onnx::ModelProto model = SoundModel();
    refusal.spoil(model);
    const auto graph = ParseProto(model);
    ASSERT_FALSE(graph.ok()) << refusal.what;
    EXPECT_EQ(graph.error().code(), refusal.code) << refusal.what << ": " << graph.error().message();
    EXPECT_THAT(graph.error().message(), HasSubstr(refusal.message)) << refusal.what;
  }
}

TEST(Onnx, SaysWhatBytesAreWhenTheyAreNoModel) {
  const auto message = [](std::string_view text) {
    return ParseOnnx({reinterpret_cast<const uint8_t*>(text.data()), text.size()}).error().message();
  };
  EXPECT_EQ(message(""), "the file is empty");
  EXPECT_THAT(message("RIFF....WAVEfmt "), HasSubstr("no complete ONNX model"));
  EXPECT_THAT(message("version https://git-lfs.github.com/spec/v1\noid sha256:1"), HasSubstr("Git LFS pointer"));
}

TEST(Onnx, RefusesEveryTruncation) {
  const auto bytes = SerializeOnnx(EveryAttribute()).value();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto graph = ParseOnnx(std::span(bytes).first(size));
    ASSERT_FALSE(graph.ok()) << size << " of " << bytes.size();
    EXPECT_THAT(graph.error().message(),
                AnyOf(HasSubstr("empty"), HasSubstr("no complete"), HasSubstr("no graph"), HasSubstr("operator set")));
  }
}

TEST(Onnx, RefusesNestingWithoutEnd) {
  onnx::ModelProto model = SoundModel();
  auto* graph = model.mutable_graph();
  for (int depth = 0; depth < 200; ++depth) {
    auto* attribute = graph->add_node()->add_attribute();
    attribute->set_type(onnx::AttributeProto::GRAPH);
    graph = attribute->mutable_g();
  }
  EXPECT_THAT(ParseProto(model).error().message(), HasSubstr("no complete ONNX model"));
}

TEST(Onnx, RefusesASmallFileThatWouldFillTheMemory) {
  // Two bytes each: an empty node inside the graph (field 7 of the model); 6 MB that would become half a gigabyte.
  constexpr size_t kNodes = 3'000'000;
  std::vector<uint8_t> bytes = {0x3a, 0x80, 0x9b, 0xee, 0x02};  // field 7, 6,000,000 bytes
  for (size_t n = 0; n < kNodes; ++n) bytes.insert(bytes.end(), {0x0a, 0x00});
  const auto graph = ParseOnnx(bytes);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().code(), ErrorCode::kResourceLimit);
  EXPECT_THAT(graph.error().message(), HasSubstr("more than 2000000 parts"));
}

TEST(Onnx, SortsNodesThatAreOutOfOrderAndKeepsThoseInOrder) {
  onnx::ModelProto model = SoundModel();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  const auto graph = ParseProto(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph.value().nodes[0].op, "Mul");
  EXPECT_EQ(graph.value().nodes[1].op, "Relu");
}

TEST(Onnx, TakesAnInputWithAnInitialiserForAConstant) {
  onnx::ModelProto model = SoundModel();
  auto* listed = model.mutable_graph()->add_input();
  listed->CopyFrom(model.graph().input(0));
  listed->set_name("w");
  const auto graph = ParseProto(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(graph.value().inputs.size(), 1);
  EXPECT_EQ(graph.value().constants.size(), 1);
}

TEST(Onnx, MakesConstantNodesConstantsEvenWhenTheyComeLate) {
  onnx::ModelProto model = SoundModel();
  model.mutable_graph()->clear_initializer();
  auto* attribute = AddNode(*model.mutable_graph(), "Constant", {}, "w")->add_attribute();
  attribute->set_name("value_floats");
  attribute->set_type(onnx::AttributeProto::FLOATS);
  attribute->add_floats(3);
  attribute->add_floats(4);
  const auto graph = ParseProto(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  ASSERT_EQ(graph.value().constants.size(), 1);
  EXPECT_THAT(graph.value().constants.begin()->second.As<float>(), ElementsAre(3, 4));
  EXPECT_EQ(graph.value().nodes.size(), 2);
}

TEST(Onnx, ReadsEveryElementTypeFromItsTypedField) {
  const auto read = [](int type, const std::function<void(onnx::TensorProto&)>& fill) {
    onnx::ModelProto model = SoundModel();
    auto& w = *model.mutable_graph()->mutable_initializer(0);
    w.clear_float_data();
    w.set_data_type(type);
    fill(w);
    auto graph = ParseProto(model);
    EXPECT_TRUE(graph.ok()) << graph.error().message();
    const Tensor values = ToF32(graph.value().constants.begin()->second);
    return std::vector<float>(values.As<float>().begin(), values.As<float>().end());
  };
  const auto ints = [](int32_t a, int32_t b) {
    return [a, b](onnx::TensorProto& w) {
      w.add_int32_data(a);
      w.add_int32_data(b);
    };
  };
  EXPECT_THAT(read(onnx::TensorProto::FLOAT16, ints(0x3e00, 0xc000)), ElementsAre(1.5f, -2.0f));
  EXPECT_THAT(read(onnx::TensorProto::BFLOAT16, ints(0x3fc0, 0xc000)), ElementsAre(1.5f, -2.0f));
  EXPECT_THAT(read(onnx::TensorProto::INT8, ints(-1, 127)), ElementsAre(-1, 127));
  EXPECT_THAT(read(onnx::TensorProto::UINT8, ints(1, 255)), ElementsAre(1, 255));
  EXPECT_THAT(read(onnx::TensorProto::BOOL, ints(0, 2)), ElementsAre(0, 1));
  EXPECT_THAT(read(onnx::TensorProto::INT32, ints(-70000, 70000)), ElementsAre(-70000, 70000));
  EXPECT_THAT(read(onnx::TensorProto::INT64,
                   [](auto& w) {
                     w.add_int64_data(-3);
                     w.add_int64_data(4);
                   }),
              ElementsAre(-3, 4));
  EXPECT_THAT(read(onnx::TensorProto::DOUBLE,
                   [](auto& w) {
                     w.add_double_data(0.5);
                     w.add_double_data(-0.25);
                   }),
              ElementsAre(0.5f, -0.25f));
  EXPECT_THAT(read(onnx::TensorProto::BOOL, [](auto& w) { w.set_raw_data(std::string("\x00\x80", 2)); }),
              ElementsAre(0, 1));
}

TEST(Onnx, GivesUndeclaredValuesTheTypeTheirOperatorMakes) {
  onnx::ModelProto model = SoundModel();
  AddNode(*model.mutable_graph(), "Shape", {"y"}, "shape");
  AddNode(*model.mutable_graph(), "Equal", {"shape", "shape"}, "same");
  auto* cast = AddNode(*model.mutable_graph(), "Cast", {"same"}, "cast")->add_attribute();
  cast->set_name("to");
  cast->set_type(onnx::AttributeProto::INT);
  cast->set_i(onnx::TensorProto::FLOAT16);
  const auto graph = ParseProto(model);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const auto type_of = [&](std::string_view name) {
    return std::ranges::find(graph.value().values, name, &Value::name)->dtype;
  };
  EXPECT_EQ(type_of("scaled"), DType::kF32);
  EXPECT_EQ(type_of("shape"), DType::kI64);
  EXPECT_EQ(type_of("same"), DType::kBool);
  EXPECT_EQ(type_of("cast"), DType::kF16);
}

TEST(ReadOnnx, NamesTheFile) {
  EXPECT_THAT(ReadOnnx("/nowhere/net.onnx").error().message(), HasSubstr("/nowhere/net.onnx"));
}

}  // namespace
}  // namespace lips
