// Shape arithmetic, and operators that only move elements.
#include <gtest/gtest.h>

#include "engine/reference/oracle.h"
#include "engine/session.h"

namespace lips {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

std::vector<OperatorCase> Shapes() {
  return {
      {"ReshapeCopiesAndInfers",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Reshape", {x[0], net.Ints({0, -1, 4})});
       }},
      {"FlattenAxis2",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Flatten", {x[0]}, {{"axis", 2_i}});
       }},
      {"FlattenAxis0",
       {{2, 3}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Flatten", {x[0]}, {{"axis", 0_i}});
       }},
      {"FlattenNegative",
       {{2, 3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Flatten", {x[0]}, {{"axis", int64_t{-1}}});
       }},
      {"SqueezeAll", {{1, 3, 1, 4}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Squeeze", {x[0]}); }},
      {"SqueezeOne",
       {{1, 3, 1, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Squeeze", {x[0], net.Ints({-2})});
       }},
      {"SqueezeAttributeBefore13",
       {{1, 3, 1, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Squeeze", {x[0]}, {{"axes", Ints{0}}});
       },
       11},
      {"Unsqueeze",
       {{3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Unsqueeze", {x[0], net.Ints({0, -1})});
       }},
      {"ShapeWhole", {{3, 4, 5}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Shape", {x[0]}); }},
      {"ShapePart",
       {{3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Shape", {x[0]}, {{"start", int64_t{-2}}, {"end", int64_t{-1}}});
       },
       15},
      {"Size", {{3, 4, 5}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Size", {x[0]}); }},
      {"ShapeArithmetic",
       {{3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Reshape",
             {x[0],
              net.Add("Concat",
                      {net.Add("Slice", {net.Add("Shape", {x[0]}), net.Ints({0}), net.Ints({1})}),
                       net.Add("Mul", {net.Add("Slice", {net.Add("Shape", {x[0]}), net.Ints({1}), net.Ints({2})}),
                                       net.Add("Slice", {net.Add("Shape", {x[0]}), net.Ints({2}), net.Ints({3})})})},
                      {{"axis", 0_i}})});
       }},
      {"GatherOfShapeDivided",
       {{3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Div", {net.Add("Gather", {net.Add("Shape", {x[0]}), net.Constant("i", IntTensor({}, {-1}))}),
                                net.Constant("two", IntTensor({}, {2}))});
       }},
      {"IntegerDivisionTruncates",
       {{3}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Div", {net.Add("Sub", {net.Add("Shape", {x[0]}), net.Ints({10})}), net.Ints({2})});
       }},
      {"ConstantOfShape",
       {{3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConstantOfShape", {net.Add("Shape", {x[0]})}, {{"value", IntTensor({1}, {7})}});
       }},
      {"ConstantOfShapeZeros",
       {{3, 4}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("ConstantOfShape", {net.Add("Shape", {x[0]})}); }},
      {"ConstantNode",
       {{3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Add", {x[0], net.Add("Constant", {}, {{"value", FloatTensor({4}, {1, 2, 3, 4})}})});
       }},
      {"ConstantInts",
       {{3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Reshape", {x[0], net.Add("Constant", {}, {{"value_ints", Ints{4, 3}}})});
       }},
      {"CastToIntegersTruncates",
       {{3, 40}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Cast", {x[0]}, {{"to", 7_i}});
       }},
      {"CastToBool",
       {{3, 40}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Cast", {x[0]}, {{"to", 9_i}});
       }},
      {"CastShapeToFloat",
       {{3, 40}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Cast", {net.Add("Shape", {x[0]})}, {{"to", 1_i}});
       }},
      {"RangeDown",
       {{3, 40}},
       [](GraphBuilder& net, const Operands& /*x*/) {
         return net.Add("Range", {net.Constant("a", IntTensor({}, {9})), net.Constant("b", IntTensor({}, {-2})),
                                  net.Constant("c", IntTensor({}, {-3}))});
       }},
  };
}

std::vector<OperatorCase> Moves() {
  return {
      {"TransposeReverses",
       {{2, 3, 4}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("Transpose", {x[0]}); }},
      {"TransposePerm",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Transpose", {x[0]}, {{"perm", Ints{0, 2, 3, 1}}});
       }},
      {"SliceNegativeStep",
       {{4, 9}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Slice",
                        {x[0], net.Ints({-1}), net.Ints({-9223372036854775807}), net.Ints({1}), net.Ints({-2})});
       }},
      {"SlicePastTheEnd",
       {{4, 9}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Slice", {x[0], net.Ints({1, 2}), net.Ints({100, 9223372036854775807}), net.Ints({0, -1}),
                                  net.Ints({2, 3})});
       }},
      {"SliceDefaultAxes",
       {{4, 9}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Slice", {x[0], net.Ints({1, -3}), net.Ints({-1, 9})});
       }},
      {"PadConstant",
       {{2, 3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Pad", {x[0], net.Ints({0, 1, 2, 1, 0, 3}), net.Constant("v", FloatTensor({}, {1.5f}))});
       }},
      {"PadNegativeCrops",
       {{2, 3, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Pad", {x[0], net.Ints({0, -1, 2, 1, 0, -2})});
       }},
      {"PadReflect",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Pad", {x[0], net.Ints({0, 0, 2, 3, 0, 0, 4, 1})}, {{"mode", "reflect"s}});
       }},
      {"PadEdge",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Pad", {x[0], net.Ints({0, 0, 2, 3, 0, 0, 4, 1})}, {{"mode", "edge"s}});
       }},
      {"Expand",
       {{3, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Expand", {x[0], net.Ints({2, 1, 6})});
       }},
      {"Tile",
       {{3, 2}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Tile", {x[0], net.Ints({2, 3})});
       }},
      {"DepthToSpaceDcr",
       {{1, 8, 2, 3}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("DepthToSpace", {x[0]}, {{"blocksize", 2_i}});
       }},
      {"DepthToSpaceCrd",
       {{1, 8, 2, 3}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("DepthToSpace", {x[0]}, {{"blocksize", 2_i}, {"mode", "CRD"s}});
       }},
      {"SpaceToDepth",
       {{1, 2, 4, 6}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("SpaceToDepth", {x[0]}, {{"blocksize", 2_i}});
       }},
      {"ConcatChannels",
       {{2, 3, 4}, {2, 1, 4}, {2, 2, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Concat", {x[0], x[1], x[2]}, {{"axis", 1_i}});
       }},
      {"ConcatNegativeAxis",
       {{2, 3}, {2, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Concat", {x[0], x[1]}, {{"axis", int64_t{-1}}});
       }},
      {"GatherRows",
       {{5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Gather", {x[0], net.Constant("i", IntTensor({2, 2}, {0, -1, 3, 3}))});
       }},
      {"GatherColumns",
       {{5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Gather", {x[0], net.Constant("i", IntTensor({3}, {2, 0, -4}))}, {{"axis", 1_i}});
       }},
  };
}

class ShapeOperators : public testing::TestWithParam<OperatorCase> {};

TEST_P(ShapeOperators, AgreeWithOnnxRuntime) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  EXPECT_EQ(Disagreement(GetParam()), "");
}

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Shapes, ShapeOperators, testing::ValuesIn(Shapes()), kName);
INSTANTIATE_TEST_SUITE_P(Moves, ShapeOperators, testing::ValuesIn(Moves()), kName);

}  // namespace
}  // namespace lips
