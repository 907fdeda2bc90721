#include "model/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "model/builder.h"
#include "model/shape.h"

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using List = std::vector<int64_t>;

Tensor F32(Dims dims) { return Tensor(DType::kF32, std::move(dims)); }

// The constant `make` leads to, for an image of [2, 3, 10, 7]; opset 13.
Tensor Folded(const std::function<ValueId(GraphBuilder&, ValueId)>& make) {
  GraphBuilder net(13);
  net.Output(make(net, net.Input("image", {kDynamicDim, 3, kDynamicDim, kDynamicDim})), "y");
  const auto inferred = InferShapes(std::move(net).Finish(), std::vector<Dims>{{2, 3, 10, 7}});
  EXPECT_TRUE(inferred.ok()) << inferred.error().message();
  if (!inferred.ok()) return {};
  EXPECT_TRUE(inferred.value().nodes.empty()) << Describe(inferred.value(), 0) << " was not folded";
  EXPECT_TRUE(Validate(inferred.value()).ok());
  const Tensor* constant = inferred.value().Constant(inferred.value().outputs[0]);
  return constant != nullptr ? constant->Clone() : Tensor();
}

List FoldedInts(const std::function<ValueId(GraphBuilder&, ValueId)>& make) {
  const Tensor tensor = Folded(make);
  if (tensor.dtype() != DType::kI64) return {};
  return {tensor.As<int64_t>().begin(), tensor.As<int64_t>().end()};
}

ValueId Scalar(GraphBuilder& net, int64_t value) { return net.Constant({}, Tensor::Of<int64_t>({}, List{value})); }

TEST(ShapeArithmetic, WorksOutTheSizesAnInterpolateExportComputes) {
  // sizes = concat(shape[:2], int(floor(float(shape[2]) * 2.5)), shape[3] * 2 + 1)
  EXPECT_THAT(
      FoldedInts([](GraphBuilder& net, ValueId image) {
        const ValueId shape = net.Add("Shape", {image});
        const ValueId head = net.Add("Slice", {shape, net.Ints({0}), net.Ints({2}), net.Ints({0})});
        const ValueId h = net.Add("Cast", {net.Add("Gather", {shape, Scalar(net, 2)})}, {{"to", int64_t{1}}});
        const ValueId scaled = net.Add(
            "Cast",
            {net.Add("Floor", {net.Add("Mul", {h, net.Constant({}, Tensor::Of<float>({}, std::vector{2.55f}))})})},
            {{"to", int64_t{7}}});
        const ValueId w = net.Add("Gather", {shape, Scalar(net, -1)});
        const ValueId doubled = net.Add("Add", {net.Add("Mul", {w, Scalar(net, 2)}), Scalar(net, 1)});
        const ValueId axis = net.Ints({0});
        return net.Add("Concat", {head, net.Add("Unsqueeze", {scaled, axis}), net.Add("Unsqueeze", {doubled, axis})},
                       {{"axis", int64_t{0}}});
      }),
      ElementsAre(2, 3, 25, 15));
}

TEST(ShapeArithmetic, WorksOutThePadsATorchPadExportComputes) {
  // pads of PyTorch run from the last axis: [left, right, top, bottom] = [w/2, w - w/2, 1, h], filled up with zeros,
  // turned around to ONNX's [begins..., ends...].
  EXPECT_THAT(FoldedInts([](GraphBuilder& net, ValueId image) {
                const ValueId shape = net.Add("Shape", {image});
                const ValueId axis = net.Ints({0});
                const ValueId h = net.Add("Gather", {shape, Scalar(net, 2)});
                const ValueId w = net.Add("Gather", {shape, Scalar(net, 3)});
                const ValueId half = net.Add("Div", {w, Scalar(net, 2)});
                const ValueId rest = net.Add("Sub", {w, half});
                const ValueId given = net.Add("Concat",
                                              {net.Add("Unsqueeze", {half, axis}), net.Add("Unsqueeze", {rest, axis}),
                                               net.Ints({1}), net.Add("Unsqueeze", {h, axis})},
                                              {{"axis", int64_t{0}}});
                const ValueId zeros =
                    net.Add("ConstantOfShape", {net.Ints({4})}, {{"value", Tensor::Of<int64_t>({1}, List{0})}});
                const ValueId all = net.Add("Concat", {given, zeros}, {{"axis", int64_t{0}}});
                const ValueId pairs = net.Add("Reshape", {all, net.Ints({-1, 2})});
                const ValueId turned =
                    net.Add("Slice", {pairs, net.Ints({-1}), net.Ints({INT64_MIN + 1}), axis, net.Ints({-1})});
                const ValueId flat =
                    net.Add("Reshape", {net.Add("Transpose", {turned}, {{"perm", List{1, 0}}}), net.Ints({-1})});
                return net.Add("Cast", {flat}, {{"to", int64_t{7}}});
              }),
              ElementsAre(0, 0, 1, 3, 0, 0, 10, 4));
}

TEST(ShapeArithmetic, FollowsIntegerRules) {
  const auto binary = [](const char* op, int64_t a, int64_t b) {
    const List result = FoldedInts([&](GraphBuilder& net, ValueId) {
      return net.Add(op, {net.Ints({a}), net.Ints({b})});
    });
    return result.empty() ? INT64_MAX : result[0];
  };
  EXPECT_EQ(binary("Div", -7, 2), -3);  // towards zero
  EXPECT_EQ(binary("Mod", -7, 3), 2);   // the divisor's sign
  EXPECT_EQ(binary("Mod", 7, -3), -2);
  EXPECT_EQ(binary("Div", INT64_MIN, -1), INT64_MIN);  // wraps, as in two's complement, instead of trapping
  EXPECT_EQ(binary("Mod", INT64_MIN, -1), 0);
  EXPECT_EQ(binary("Add", INT64_MAX, 1), INT64_MIN);
  EXPECT_EQ(binary("Min", 4, -5), -5);
  EXPECT_THAT(FoldedInts([](GraphBuilder& net, ValueId image) {
                return net.Add("Where", {net.Add("Equal", {net.Ints({-1, 5}), net.Ints({-1})}),
                                         net.Add("Slice", {net.Add("Shape", {image}), net.Ints({2}), net.Ints({4})}),
                                         net.Ints({1})});
              }),
              ElementsAre(10, 1));
  EXPECT_THAT(FoldedInts([](GraphBuilder& net, ValueId image) {
                return net.Add("Range", {Scalar(net, 1), net.Add("Size", {net.Add("Shape", {image})}), Scalar(net, 2)});
              }),
              ElementsAre(1, 3));
  EXPECT_THAT(FoldedInts([](GraphBuilder& net, ValueId image) {
                return net.Add("ReduceProd", {net.Add("Shape", {image})}, {{"keepdims", int64_t{0}}});
              }),
              ElementsAre(2 * 3 * 10 * 7));
  EXPECT_THAT(FoldedInts([](GraphBuilder& net, ValueId) {
                return net.Add("Expand", {net.Add("Unsqueeze", {net.Ints({4, 5}), net.Ints({1})}), net.Ints({2, 2})});
              }),
              ElementsAre(4, 4, 5, 5));
}

TEST(ShapeArithmetic, RefusesWhatHasNoValue) {
  const auto message = [](const std::function<ValueId(GraphBuilder&, ValueId)>& make) {
    GraphBuilder net(13);
    net.Output(make(net, net.Input("image", {2, 3})), "y");
    const auto inferred = InferShapes(std::move(net).Finish(), std::vector<Dims>{{2, 3}});
    return inferred.ok() ? std::string("ok") : inferred.error().message();
  };
  EXPECT_EQ(message([](auto& net, ValueId) {
              return net.Add("Div", {net.Ints({1}), net.Ints({0})});
            }),
            "Div (makes 'y'): it divides by zero");
  EXPECT_THAT(message([](auto& net, ValueId x) {
                return net.Add("Gather", {net.Add("Shape", {x}), net.Ints({2})});
              }),
              HasSubstr("index 2 is outside of 2 elements"));
  EXPECT_THAT(message([](auto& net, ValueId) {
                return net.Add("Cast", {net.Floats({1e30f})}, {{"to", int64_t{7}}});
              }),
              HasSubstr("no integer holds"));
}

TEST(ShapeArithmetic, LeavesDataAlone) {
  GraphBuilder net;
  const ValueId w = net.Constant("w", F32({100, 100}));  // larger than any shape
  net.Output(net.Add("MatMul", {net.Input("x", {1, 100}), net.Add("Transpose", {w})}), "y");
  const auto inferred = InferShapes(std::move(net).Finish(), std::vector<Dims>{{1, 100}});
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(inferred.value().nodes.size(), 2);
}

TEST(InferShapes, DropsConstantsThatOnlyServedShapes) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {kDynamicDim, 6});
  const ValueId batch = net.Add("Slice", {net.Add("Shape", {x}), net.Ints({0}), net.Ints({1})});
  net.Output(net.Add("Reshape", {x, net.Add("Concat", {batch, net.Ints({3, 2})}, {{"axis", int64_t{0}}}, "target")}),
             "y");
  const auto inferred = InferShapes(std::move(net).Finish(), std::vector<Dims>{{4, 6}});
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(inferred.value().nodes.size(), 1);
  ASSERT_EQ(inferred.value().constants.size(), 1);
  EXPECT_THAT(inferred.value().constants.begin()->second.As<int64_t>(), ElementsAre(4, 3, 2));
  EXPECT_THAT(inferred.value().values[static_cast<size_t>(inferred.value().outputs[0])].dims, ElementsAre(4, 3, 2));
}

}  // namespace
}  // namespace lips
