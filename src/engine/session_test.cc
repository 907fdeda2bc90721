#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "engine/cuda/generator.h"
#include "engine/test_graph.h"
#include "model/builder.h"

namespace lips {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Graph OneOperator(const std::string& op, const Dims& dims) {
  GraphBuilder net;
  net.Output(net.Add(op, {net.Input("x", dims)}, {}, "it"), "y");
  return std::move(net).Finish();
}

std::vector<Tensor> One(Tensor tensor) {
  std::vector<Tensor> list;
  list.push_back(std::move(tensor));
  return list;
}

std::vector<Backend> AvailableBackends() {
  std::vector<Backend> backends = {Backend::kReference};
  if (OnnxRuntimeVersion().ok()) backends.push_back(Backend::kOnnxRuntime);
  return backends;
}

TEST(SessionNames, ComeBackAndListTheChoices) {
  EXPECT_EQ(ParseBackend("ort").value(), Backend::kOnnxRuntime);
  EXPECT_EQ(ParseProvider("tensorrt").value(), Provider::kTensorRt);
  EXPECT_THAT(ParseBackend("gpu").error().message(), HasSubstr("reference, ort, null"));
  EXPECT_THAT(ParseProvider("").error().message(), HasSubstr("cpu, cuda, tensorrt"));
}

// What --engine auto is: our own engines, the device's where there is one and its numbers will do.
TEST(SessionChoice, AutoIsADeviceOnlyWhereThereIsOneAndNothingElseIsAskedFor) {
  struct Case {
    SessionOptions options;
    bool may_be_cuda;
    Backend otherwise;
  };
  for (const Case& c :
       {Case{{}, true, Backend::kCpu}, Case{{.precision = Precision::kF16}, true, Backend::kOnnxRuntime},
        Case{{.precision = Precision::kInt8}, false, Backend::kCpu},
        Case{{.precision = Precision::kF32}, false, Backend::kCpu},
        Case{{.provider = Provider::kCuda}, false, Backend::kOnnxRuntime}}) {
    SessionOptions options = c.options;
    ASSERT_TRUE(ChooseBackend("auto", options).ok());
    EXPECT_TRUE(options.chosen);
    EXPECT_EQ(options.backend, c.may_be_cuda && CudaDevice().ok() ? Backend::kCuda : c.otherwise);
    EXPECT_EQ(UsualBackend(c.options), c.otherwise);
    ASSERT_TRUE(ChooseBackend("cuda", options).ok());
    EXPECT_EQ(options.backend, Backend::kCuda);
    EXPECT_FALSE(options.chosen);
  }
  SessionOptions options;
  EXPECT_THAT(ChooseBackend("gpu", options).error().message(), HasSubstr("cpu, cuda, reference, ort, null"));
}

TEST(SessionChoice, WhatADeviceRefusesGoesToTheCpuUnlessTheDeviceWasAskedFor) {
  const SessionOptions asked = {.backend = Backend::kCuda};
  const auto why = [](ErrorCode code) { return Error(code, "no kernel"); };
  EXPECT_EQ(Delegate(asked, why(ErrorCode::kUnsupported)).error().message(), "no kernel");
  SessionOptions chosen = asked;
  chosen.chosen = true;
  EXPECT_EQ(Delegate(chosen, why(ErrorCode::kUnsupported)).value().backend, Backend::kCpu);
  EXPECT_EQ(Delegate(chosen, why(ErrorCode::kResourceLimit)).value().backend, Backend::kCpu);
  EXPECT_FALSE(Delegate(chosen, why(ErrorCode::kCorrupted)).ok());  // such a network is nobody's
  chosen.precision = Precision::kF16;
  EXPECT_EQ(Delegate(chosen, why(ErrorCode::kUnsupported)).value().backend, Backend::kOnnxRuntime);
}

TEST(SessionChoice, ANetworkWithoutKernelsRunsAllTheSame) {
  const Graph graph = OneOperator("LeakyRelu", {1, 3, 8, 8});
  EXPECT_THAT(FirstUnsupported(graph, Backend::kCuda), HasSubstr("use --engine cpu or ort"));
  const auto refused = OpenSession(graph, {.backend = Backend::kCuda});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  const auto opened = OpenSession(graph, {.backend = Backend::kCuda, .chosen = true});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_THAT(opened.value()->Describe(), StartsWith("cpu"));
}

TEST(SessionChoice, ADeviceComputesInF16Alone) {
  for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
    const auto opened = OpenSession(OneOperator("Neg", {2}), {.backend = Backend::kCuda, .precision = precision});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().message(),
              "engine cuda does not compute in " + std::string(Name(precision)) + "; use --engine cpu");
  }
}

TEST(Session, NamesTheOperatorItLacks) {
  const auto opened = OpenSession(OneOperator("Frobnicate", {2}), {.backend = Backend::kReference});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(opened.error().message(), HasSubstr("Frobnicate 'it'"));
}

TEST(Session, RefusesBrokenWeightsByName) {
  for (const Backend backend : AvailableBackends()) {
    for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      GraphBuilder net;
      const ValueId w = net.Constant("up5.w", FloatTensor({1, 1, 1, 2}, {1, bad}));
      net.Output(net.Add("Conv", {net.Input("x", {1, 1, 4, 4}), w}), "y");
      const auto opened = OpenSession(std::move(net).Finish(), {.backend = backend});
      ASSERT_FALSE(opened.ok());
      EXPECT_EQ(opened.error().code(), ErrorCode::kCorrupted);
      EXPECT_THAT(opened.error().message(), HasSubstr("up5.w"));
    }
  }
}

TEST(Session, SaysWhatAnInputShouldHaveBeen) {
  for (const Backend backend : AvailableBackends()) {
    const auto session = OpenSession(OneOperator("Relu", {kDynamicDim, 3}), {.backend = backend});
    ASSERT_TRUE(session.ok()) << session.error().message();
    std::vector<Tensor> outputs(1);
    const Tensor four_columns(DType::kF32, {2, 4});
    const std::vector<TensorView> wrong = {four_columns};
    const Status ran = session.value()->Run(wrong, outputs);
    ASSERT_FALSE(ran.ok());
    EXPECT_EQ(ran.error().code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(ran.error().message(), HasSubstr("input 'x' is f32 [2,4], expected f32 [?,3]"));
  }
}

TEST(Session, FollowsAChangingBatchAndKeepsMemory) {
  for (const Backend backend : AvailableBackends()) {
    const auto session = OpenSession(OneOperator("Neg", {kDynamicDim, 2}), {.backend = backend});
    ASSERT_TRUE(session.ok()) << session.error().message();
    std::vector<Tensor> outputs(1);
    for (const int64_t batch : {3, 3, 1, 3, 3}) {
      const Tensor input = RandomTensor({batch, 2}, static_cast<int>(batch));
      const std::vector<TensorView> views = {input};
      const uint8_t* before = outputs[0].data();
      ASSERT_TRUE(session.value()->Run(views, outputs).ok());
      ASSERT_EQ(outputs[0].dims(), input.dims());
      EXPECT_TRUE(before == nullptr || outputs[0].data() == before);
      for (size_t i = 0; i < static_cast<size_t>(input.size()); ++i) {
        EXPECT_EQ(outputs[0].As<float>()[i], -input.As<float>()[i]);
      }
    }
  }
}

TEST(ReferenceSession, RefusesWhatWouldTakeTheMachine) {
  GraphBuilder net;
  net.Output(net.Add("ConstantOfShape", {net.Input("x", {4}, DType::kI64)}), "y");
  const auto ran =
      RunGraph(std::move(net).Finish(), One(IntTensor({4}, {100000, 100000, 9, 9})), {.backend = Backend::kReference});
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().code(), ErrorCode::kResourceLimit);
}

TEST(ReferenceSession, GivesTheSameBitsForAnyNumberOfThreads) {
  const Graph graph = MiniatureGenerator({.size_px = 160});
  std::vector<Tensor> inputs;
  inputs.push_back(RandomTensor({1, 6, 160, 160}, 1));
  inputs.push_back(RandomTensor({1, 32, 16, 16}, 2));
  const auto one = RunGraph(graph, inputs, {.backend = Backend::kReference, .threads = 1});
  const auto five = RunGraph(graph, inputs, {.backend = Backend::kReference, .threads = 5});
  ASSERT_TRUE(one.ok()) << one.error().message();
  EXPECT_EQ(FloatsOf(one.value()[0]), FloatsOf(five.value()[0]));
}

// Worked out by hand, for builds without ONNX Runtime.
TEST(ReferenceSession, KnowsSmallExamples) {
  const SessionOptions options = {.backend = Backend::kReference};
  {
    GraphBuilder net;
    const ValueId w = net.Constant("w", FloatTensor({1, 1, 2, 2}, {1, 2, 3, 4}));
    net.Output(net.Add("Conv", {net.Input("x", {1, 1, 2, 3}), w}), "y");
    const std::vector<Tensor> x = One(FloatTensor({1, 1, 2, 3}, {1, 0, 2, 0, 1, 3}));
    EXPECT_THAT(FloatsOf(RunGraph(std::move(net).Finish(), x, options).value()[0]), ElementsAre(5, 19));
  }
  {
    GraphBuilder net;
    net.Output(
        net.Add("Resize", {net.Input("x", {1, 1, 1, 2}), kNoValue, net.Floats({1, 1, 1, 2})},
                {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}}),
        "y");
    const std::vector<Tensor> x = One(FloatTensor({1, 1, 1, 2}, {0, 3}));
    EXPECT_THAT(FloatsOf(RunGraph(std::move(net).Finish(), x, options).value()[0]), ElementsAre(0, 1, 2, 3));
  }
}

TEST(OnnxRuntime, SaysWhatIsMissingForAGpu) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  for (const Provider provider : {Provider::kCuda, Provider::kTensorRt}) {
    const auto opened = OpenSession(OneOperator("Relu", {2}), {.provider = provider});
    if (opened.ok()) continue;  // a machine that has it
    EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
    EXPECT_THAT(opened.error().message(), HasSubstr("provider " + std::string(Name(provider))));
  }
}

// The library is opened once per process, so this needs a process of its own.
TEST(OnnxRuntimeDeathTest, SaysWhichLibraryIsMissingAndWhatToDo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("LIPSTREAM_ORT_LIBRARY", "/nowhere/libonnxruntime.so", 1);
        const auto version = OnnxRuntimeVersion();
        std::fputs(version.ok() ? "found" : version.error().message().c_str(), stderr);
        std::exit(0);
      },
      testing::ExitedWithCode(0), "(/nowhere/libonnxruntime.so.*|no ONNX Runtime.*)--engine reference");
}

// What a normalisation makes of `x` whose mean is that of `inputs` and whose variance is tiny: only what differs
// between pixels is left, ten thousandfold, and with it whatever was lost before.
ValueId Magnified(GraphBuilder& net, ValueId x, int64_t channels, std::vector<float> mean) {
  const std::vector<float> ones(static_cast<size_t>(channels), 1), variance(static_cast<size_t>(channels), 1e-8f);
  return net.Add("BatchNormalization",
                 {x, net.Floats(ones), net.Floats(std::vector<float>(static_cast<size_t>(channels), 0.1f)),
                  net.Floats(std::move(mean)), net.Floats(variance)},
                 {{"epsilon", 1e-12f}});
}

// Per filter, what weights [filters, ...] make of a picture that is 0.5 everywhere.
std::vector<float> MeanOfHalves(const Tensor& weights) {
  const auto values = weights.As<float>();
  const auto filters = static_cast<size_t>(weights.dims()[0]);
  std::vector<float> means;
  for (size_t o = 0; o < filters; ++o) {
    double sum = 0;
    for (const float w : values.subspan(o * values.size() / filters, values.size() / filters)) sum += 0.5 * w;
    means.push_back(static_cast<float>(sum));
  }
  return means;
}

// The first sums of a network nearly cancel with the bias that a normalisation becomes. Were folded weights or biases
// rounded to f32 there, or their products added up in f32, what is lost would be a thousand times this tolerance.
TEST(CpuSession, LosesNothingWhereANetworkBegins) {
  const auto conv = [](GraphBuilder& net, ValueId x, Tensor weights, int64_t pad, int64_t group) {
    const ValueId w = net.Constant({}, std::move(weights));
    return net.Add("Conv", {x, w}, {{"pads", std::vector<int64_t>(4, pad)}, {"group", group}});
  };
  GraphBuilder block;  // an inverted residual over a face's six channels
  Tensor expand = RandomTensor({12, 6, 1, 1}, 1, -1, 1);
  const auto mean = MeanOfHalves(expand);
  ValueId y = conv(block, block.Input("x", {1, 6, 24, 24}), std::move(expand), 0, 1);
  y = block.Add("Relu", {Magnified(block, y, 12, mean)});
  y = block.Add("Relu", {conv(block, y, RandomTensor({12, 1, 3, 3}, 2, -1, 1), 1, 12)});
  block.Output(conv(block, y, RandomTensor({8, 12, 1, 1}, 3, -1, 1), 0, 1), "y");
  GraphBuilder dense;  // a window over one channel
  Tensor window = RandomTensor({24, 1, 3, 3}, 4, -1, 1);
  const auto window_mean = MeanOfHalves(window);
  dense.Output(
      Magnified(dense, conv(dense, dense.Input("x", {1, 1, 24, 24}), std::move(window), 0, 1), 24, window_mean), "y");
  for (const Graph& graph : {std::move(block).Finish(), std::move(dense).Finish()}) {
    const std::vector<Tensor> inputs = [&] {
      std::vector<Tensor> one;
      one.push_back(RandomTensor(graph.values[static_cast<size_t>(graph.inputs[0])].dims, 5, 0.4999f, 0.5001f));
      return one;
    }();
    const auto expected = RunGraph(graph, inputs, {.backend = Backend::kReference});
    const auto actual = RunGraph(graph, inputs, {.threads = 2, .precision = Precision::kF32, .may_delegate = false});
    ASSERT_TRUE(expected.ok() && actual.ok()) << actual.error().message();
    EXPECT_LE(MaxAbsDifference(expected.value()[0], actual.value()[0]), 2e-6);
  }
}

}  // namespace
}  // namespace lips
