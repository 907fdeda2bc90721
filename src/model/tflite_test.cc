#include "model/tflite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "model/test_tflite.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

const Value& ValueOf(const Graph& graph, ValueId id) { return graph.values[static_cast<size_t>(id)]; }

void ExpectRefused(const std::vector<uint8_t>& file, ErrorCode code, std::string_view reason) {
  const auto graph = ParseTflite(file);
  ASSERT_FALSE(graph.ok()) << "expected: " << reason;
  EXPECT_EQ(graph.error().code(), code) << graph.error().message();
  EXPECT_THAT(graph.error().message(), HasSubstr(reason));
}

// x [1,4,4,2] through one operator of `inputs` to y.
std::vector<uint8_t> OneOperator(TfliteOp op, const std::vector<int32_t>& shape, FlatNode options,
                                 const std::function<std::vector<int32_t>(TfliteBuilder&)>& more = {}) {
  TfliteBuilder net;
  std::vector<int32_t> inputs = {net.Tensor("x", {1, 4, 4, 2})};
  if (more) {
    for (const int32_t tensor : more(net)) inputs.push_back(tensor);
  }
  const int32_t y = net.Tensor("y", shape);
  net.Operator(op, inputs, y, std::move(options));
  return net.File({0}, {y});
}

TEST(ParseTflite, TakesPicturesByPlanesAndGivesOutputsAsTheFileHasThem) {
  const auto graph = ParseTflite(TinyTflite());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  ASSERT_EQ(graph.value().inputs.size(), 1U);
  EXPECT_EQ(ValueOf(graph.value(), graph.value().inputs[0]).name, "x");
  EXPECT_EQ(ValueOf(graph.value(), graph.value().inputs[0]).dims, (Dims{1, 2, 5, 6}));
  ASSERT_EQ(graph.value().outputs.size(), 2U);
  EXPECT_EQ(ValueOf(graph.value(), graph.value().outputs[0]).name, "scores");
  EXPECT_EQ(ValueOf(graph.value(), graph.value().outputs[0]).dims, (Dims{1, 12, 2}));
  EXPECT_EQ(ValueOf(graph.value(), graph.value().outputs[1]).name, "cells");
  EXPECT_EQ(ValueOf(graph.value(), graph.value().outputs[1]).dims, (Dims{1, 3, 3, 4}));
  EXPECT_TRUE(Validate(graph.value()).ok());
}

TEST(ParseTflite, MakesHalfPrecisionWeightsFloats) {
  const auto graph = ParseTflite(TinyTflite());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const Node& conv = *std::ranges::find(graph.value().nodes, "Conv", &Node::op);
  const Tensor* weights = graph.value().Constant(conv.inputs[1]);
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->dims(), (Dims{2, 2, 3, 3}));
  EXPECT_THAT(weights->As<float>(), ::testing::Each(0.5F));
}

// Rows, columns, channels of the file become channels, rows, columns: w[o][y][x][c] = 1000 o + 100 y + 10 x + c.
TEST(ParseTflite, PutsWeightsInOrder) {
  std::vector<float> values;
  for (int o = 0; o < 3; ++o) {
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < 4; ++x) {
        for (int c = 0; c < 2; ++c) values.push_back(static_cast<float>(1000 * o + 100 * y + 10 * x + c));
      }
    }
  }
  const auto file = OneOperator(TfliteOp::kConv, {1, 3, 1, 3}, TfliteBuilder::Stride(1, 1, 1), [&](TfliteBuilder& net) {
    return std::vector{net.Floats("w", {3, 2, 4, 2}, values)};
  });
  const auto graph = ParseTflite(file);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const Node& conv = *std::ranges::find(graph.value().nodes, "Conv", &Node::op);
  const Tensor* weights = graph.value().Constant(conv.inputs[1]);
  ASSERT_EQ(weights->dims(), (Dims{3, 2, 2, 4}));
  EXPECT_EQ(weights->As<float>()[0], 0);
  EXPECT_EQ(weights->As<float>()[1], 10);                 // one column on
  EXPECT_EQ(weights->As<float>()[4], 100);                // one row on
  EXPECT_EQ(weights->As<float>()[8], 1);                  // one channel on
  EXPECT_EQ(weights->As<float>()[16 + 8 + 4 + 3], 1131);  // output 1, channel 1, row 1, column 3
}

TEST(ParseTflite, RefusesWhatItDoesNotKnowByName) {
  ExpectRefused(OneOperator(TfliteOp{77}, {1}, FlatNode::Table()), ErrorCode::kUnsupported, "operator 77");
  ExpectRefused(OneOperator(TfliteOp::kCustom, {1}, FlatNode::Table()), ErrorCode::kUnsupported, "custom operator");
  ExpectRefused(OneOperator(TfliteOp::kAdd, {1, 4, 4, 2}, FlatNode::Table().Number(0, int8_t{4}),
                            [](TfliteBuilder&) { return std::vector{0}; }),
                ErrorCode::kUnsupported, "fused activation 4");
}

TEST(ParseTflite, RefusesQuantisedWeights) {
  ExpectRefused(OneOperator(TfliteOp::kConv, {1, 4, 4, 1}, TfliteBuilder::Stride(1, 1, 0),
                            [](TfliteBuilder& net) {
                              return std::vector{net.Tensor("w", {1, 1, 1, 2}, TfliteType::kI8, {1, 2})};
                            }),
                ErrorCode::kUnsupported, "tensor 'w' is quantised");
}

TEST(ParseTflite, RefusesWeightsOfAnotherSizeThanTheirShape) {
  ExpectRefused(OneOperator(TfliteOp::kConv, {1, 4, 4, 1}, TfliteBuilder::Stride(1, 1, 0),
                            [](TfliteBuilder& net) {
                              return std::vector{net.Floats("w", {1, 1, 1, 2}, {1, 2, 3})};
                            }),
                ErrorCode::kCorrupted, "tensor 'w' of shape [1,1,1,2] has 12 bytes");
}

TEST(ParseTflite, RefusesAnOutputOfAnotherShapeThanStated) {
  ExpectRefused(OneOperator(TfliteOp::kRelu, {1, 4, 4, 3}, FlatNode::Table()), ErrorCode::kCorrupted,
                "comes out as [1,4,4,2], but the file states [1,4,4,3]");
}

TEST(ParseTflite, RefusesTensorsUsedBeforeTheyAreMadeAndMadeTwice) {
  TfliteBuilder early;
  const int32_t x = early.Tensor("x", {1, 2});
  const int32_t y = early.Tensor("y", {1, 2});
  const int32_t z = early.Tensor("z", {1, 2});
  early.Operator(TfliteOp::kRelu, {y}, z);
  early.Operator(TfliteOp::kRelu, {x}, y);
  ExpectRefused(early.File({x}, {z}), ErrorCode::kCorrupted, "'y' is used before anything has made it");
  TfliteBuilder twice;
  twice.Tensor("x", {1, 2});
  twice.Operator(TfliteOp::kRelu, {0}, 0);
  ExpectRefused(twice.File({0}, {0}), ErrorCode::kCorrupted, "'x' is made twice");
}

TEST(ParseTflite, RefusesIndicesOutOfRange) {
  TfliteBuilder net;
  net.Tensor("x", {1, 2});
  net.Operator(TfliteOp::kRelu, {7}, 0);
  ExpectRefused(net.File({0}, {0}), ErrorCode::kCorrupted, "refers to tensor 7 of 1");
  ExpectRefused(TfliteBuilder().File({0}, {0}), ErrorCode::kCorrupted, "refers to tensor 0 of 0");
}

// Sixteen kilobytes read by a hundred operators must not become a hundred times as much.
TEST(ParseTflite, RefusesConstantsThatUnfoldToFarMoreThanTheFile) {
  TfliteBuilder net;
  const int32_t x = net.Tensor("x", {1, 1, 1, 64});
  const int32_t w = net.Floats("w", {64, 1, 1, 64}, std::vector<float>(4096, 1));
  int32_t last = x;
  for (int i = 0; i < 100; ++i) {
    const int32_t next = net.Tensor("", {1, 1, 1, 64});
    net.Operator(TfliteOp::kConv, {last, w}, next, TfliteBuilder::Stride(1, 1, 0));
    last = next;
  }
  ExpectRefused(net.File({x}, {last}), ErrorCode::kResourceLimit, "unfold to far more than the file");
}

TEST(ParseTflite, RefusesEveryPrefix) {
  const auto file = TinyTflite();
  for (size_t length = 0; length < file.size(); ++length) {
    // The last bytes of the file may be padding or weights nobody misses; the rest must be.
    const auto graph = ParseTflite(std::span(file).first(length));
    if (graph.ok()) {
      EXPECT_GT(length + 8, file.size());
    }
  }
}

// Whatever a damaged file says, it is refused or read; nothing more is asked of it.
TEST(ParseTflite, SurvivesDamage) {
  const auto sound = TinyTflite();
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    auto file = sound;
    for (int k = 0; k < 1 + round % 4; ++k) {
      file[random() % file.size()] = static_cast<uint8_t>(round % 3 == 0 ? random() % 8 : random());
    }
    const auto graph = ParseTflite(file);
    if (graph.ok()) {
      EXPECT_TRUE(Validate(graph.value()).ok());
    }
  }
}

// The seed of the fuzz target is this very network: where it is not, the file to put there is written.
TEST(TinyTflite, IsTheFuzzSeed) {
  const Path seed = Path(LIPS_FUZZ_CORPUS) / "tflite" / "tiny.tflite";
  std::ifstream in(seed, std::ios::binary);
  const std::vector<uint8_t> stored{std::istreambuf_iterator<char>(in), {}};
  if (stored == TinyTflite()) return;
  const Path written = Path(::testing::TempDir()) / "tiny.tflite";
  ASSERT_TRUE(WriteFileAtomically(written, TinyTflite()).ok());
  ADD_FAILURE() << seed << " differs; a new one is " << written;
}

}  // namespace
}  // namespace lips
