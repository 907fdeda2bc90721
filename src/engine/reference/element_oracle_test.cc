// Functions of single elements, and how operands broadcast.
#include <gtest/gtest.h>

#include "engine/reference/oracle.h"
#include "engine/session.h"

namespace lips {
namespace {

std::vector<OperatorCase> Unaries() {
  return {
      {"Relu", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Relu", {x[0]}); }},
      {"Elu", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Elu", {x[0]}); }},
      {"Sigmoid", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Sigmoid", {x[0]}); }},
      {"HardSigmoid", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("HardSigmoid", {x[0]}); }},
      {"Softplus", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Softplus", {x[0]}); }},
      {"Softsign", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Softsign", {x[0]}); }},
      {"Tanh", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Tanh", {x[0]}); }},
      {"Erf", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Erf", {x[0]}); }},
      {"Exp", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Exp", {x[0]}); }},
      {"Sin", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Sin", {x[0]}); }},
      {"Cos", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Cos", {x[0]}); }},
      {"Floor", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Floor", {x[0]}); }},
      {"Ceil", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Ceil", {x[0]}); }},
      {"Sign", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Sign", {x[0]}); }},
      {"Neg", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Neg", {x[0]}); }},
      {"Abs", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Abs", {x[0]}); }},
      {"Reciprocal", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Reciprocal", {x[0]}); }},
      {"HardSwish", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("HardSwish", {x[0]}); }},
      {"LeakyRelu", {{3, 50}}, [](GraphBuilder& net, const Operands& x) { return net.Add("LeakyRelu", {x[0]}); }},
      {"LeakyReluSlope",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("LeakyRelu", {x[0]}, {{"alpha", 0.3f}});
       }},
      {"EluAlpha",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Elu", {x[0]}, {{"alpha", 1.7f}});
       }},
      {"HardSigmoidAlphaBeta",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("HardSigmoid", {x[0]}, {{"alpha", 0.6f}, {"beta", 0.3f}});
       }},
      {"RoundHalvesToEven",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Round",
                        {net.Add("Mul", {net.Add("Floor", {x[0]}), net.Constant("half", FloatTensor({}, {0.5f}))})});
       }},
      {"SqrtOfAbs",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("Sqrt", {net.Add("Abs", {x[0]})}); }},
      {"LogOfExp",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("Log", {net.Add("Exp", {x[0]})}); }},
      {"ClipBoth",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Clip", {x[0], net.Constant("l", FloatTensor({}, {-0.5f})), net.Constant("h", FloatTensor({}, {1.0f}))});
       }},
      {"ClipHighOnly",
       {{3, 50}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Clip", {x[0], kNoValue, net.Constant("h", FloatTensor({}, {1.0f}))});
       }},
  };
}

std::vector<OperatorCase> Binaries() {
  return {
      {"AddBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Add", {x[0], x[1]});
       }},
      {"SubBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Sub", {x[0], x[1]});
       }},
      {"MulBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Mul", {x[0], x[1]});
       }},
      {"DivBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Div", {x[0], x[1]});
       }},
      {"MinBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Min", {x[0], x[1]});
       }},
      {"MaxBroadcast",
       {{2, 1, 4, 1}, {3, 1, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Max", {x[0], x[1]});
       }},
      {"AddScalar",
       {{2, 3}, {}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Add", {x[0], x[1]});
       }},
      {"SameShapes",
       {{2, 3, 4}, {2, 3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Sub", {x[0], x[1]});
       }},
      {"PowBroadcast",
       {{2, 1, 4}, {3, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Pow", {net.Add("Abs", {x[0]}), x[1]});
       }},
      {"MaxOfThree",
       {{2, 3}, {3}, {2, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Max", {x[0], x[1], x[2]});
       }},
      {"SumOfThree",
       {{2, 3}, {3}, {2, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Sum", {x[0], x[1], x[2]});
       }},
      {"PReluPerChannel",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("PRelu", {x[0], Weights(net, {3, 1, 1})});
       }},
      {"PReluShared",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("PRelu", {x[0], Weights(net, {1})});
       }},
      {"Less",
       {{2, 1, 4}, {3, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Less", {x[0], x[1]});
       }},
      {"GreaterOrEqual",
       {{2, 1, 4}, {3, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("GreaterOrEqual", {x[0], x[1]});
       }},
      {"EqualToItself",
       {{5}, {5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Equal", {net.Add("Floor", {x[0]}), net.Add("Floor", {x[1]})});
       }},
      {"AndOrNot",
       {{4, 5}, {5}, {4, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Or", {net.Add("And", {net.Add("Less", {x[0], x[1]}), net.Add("Less", {x[1], x[2]})}),
                               net.Add("Not", {net.Add("Less", {x[0], x[2]})})});
       }},
      {"WhereBroadcast",
       {{4, 1}, {5}, {3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Where", {net.Add("Greater", {x[0], x[1]}), x[2], x[0]});
       }},
  };
}

class ElementOperators : public testing::TestWithParam<OperatorCase> {};

TEST_P(ElementOperators, AgreeWithOnnxRuntime) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  EXPECT_EQ(Disagreement(GetParam()), "");
}

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Unaries, ElementOperators, testing::ValuesIn(Unaries()), kName);
INSTANTIATE_TEST_SUITE_P(Binaries, ElementOperators, testing::ValuesIn(Binaries()), kName);

}  // namespace
}  // namespace lips
