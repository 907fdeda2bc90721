#include "model/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace lips {
namespace {

using ::testing::HasSubstr;
using List = std::vector<int64_t>;

// A node of `op` on an input of shape `input`, with known operands behind it.
class Site {
 public:
  Site(const char* op, Dims input, std::vector<Tensor> operands) : tensors_(std::move(operands)) {
    node_.op = op;
    dims_.push_back(std::move(input));
    known_.push_back(nullptr);
    node_.inputs.push_back(0);
    for (const Tensor& tensor : tensors_) {
      dims_.push_back(tensor.dims());
      known_.push_back(&tensor);
      node_.inputs.push_back(static_cast<ValueId>(node_.inputs.size()));
    }
  }
  Node& node() { return node_; }
  Operands operands() const { return {node_, kMaxOpset, dims_, known_}; }

 private:
  Node node_;
  std::vector<Tensor> tensors_;
  std::vector<Dims> dims_;
  std::vector<const Tensor*> known_;
};

Tensor Ints(const List& values) { return Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values); }
Tensor Floats(const std::vector<float>& values) {
  return Tensor::Of<float>({static_cast<int64_t>(values.size())}, values);
}

Result<std::vector<SliceAxis>> SliceOfOne(int64_t dim, int64_t start, int64_t end, int64_t step) {
  std::vector<Tensor> operands;
  for (const int64_t value : {start, end, int64_t{0}, step}) operands.push_back(Ints({value}));
  return ResolveSlice(Site("Slice", {dim}, std::move(operands)).operands());
}

// Walks the axis element by element, as the operator's definition reads.
List Elements(int64_t dim, int64_t start, int64_t end, int64_t step) {
  if (start < 0) start += dim;
  if (end < 0) end += dim;
  start = std::clamp<int64_t>(start, 0, step > 0 ? dim : dim - 1);
  List elements;
  for (int64_t i = start; step > 0 ? i < end && i < dim : i > end && i >= 0; i += step) elements.push_back(i);
  return elements;
}

RC_GTEST_PROP(ResolveSlice, WalksTheElementsTheDefinitionNames, ()) {
  const int64_t dim = *rc::gen::inRange(1, 9), start = *rc::gen::inRange(-12, 12), end = *rc::gen::inRange(-12, 12);
  const int64_t step = *rc::gen::element(-3, -2, -1, 1, 2, 3);
  const auto axes = SliceOfOne(dim, start, end, step);
  RC_ASSERT(axes.ok());
  List walked;
  for (int64_t o = 0; o < axes.value()[0].count; ++o)
    walked.push_back(axes.value()[0].start + o * axes.value()[0].step);
  RC_ASSERT(walked == Elements(dim, start, end, step));
}

TEST(ResolveSlice, TakesTheExtremesExportersWriteForOpenEnds) {
  EXPECT_EQ(SliceOfOne(7, 2, INT64_MAX, 1).value()[0].count, 5);
  EXPECT_EQ(SliceOfOne(7, -1, INT64_MIN, -1).value()[0].count, 7);
  EXPECT_EQ(SliceOfOne(7, INT64_MIN, INT64_MAX, INT64_MAX).value()[0].count, 1);
  EXPECT_EQ(SliceOfOne(7, INT64_MAX, INT64_MIN, INT64_MIN).value()[0].count, 1);
  EXPECT_EQ(SliceOfOne(0, 0, INT64_MAX, 1).value()[0].count, 0);
  EXPECT_EQ(SliceOfOne(0, -1, INT64_MIN, -1).value()[0].count, 0);
  EXPECT_FALSE(SliceOfOne(7, 0, 7, 0).ok());
}

TEST(ResolveResize, TakesScalesOrSizesAndSaysWhichFactorCoordinatesUse) {
  std::vector<Tensor> by_scale;
  by_scale.push_back(Floats({}));
  by_scale.push_back(Floats({1, 1, 2, 1.5f}));
  auto axes = ResolveResize(Site("Resize", {1, 8, 5, 5}, std::move(by_scale)).operands());
  ASSERT_TRUE(axes.ok()) << axes.error().message();
  EXPECT_EQ(axes.value()[2].out, 10);
  EXPECT_EQ(axes.value()[3].out, 7);
  EXPECT_EQ(axes.value()[3].scale, 1.5f);  // not 7/5
  std::vector<Tensor> by_size;
  by_size.push_back(Floats({}));
  by_size.push_back(Floats({}));
  by_size.push_back(Ints({1, 8, 7, 20}));
  axes = ResolveResize(Site("Resize", {1, 8, 5, 5}, std::move(by_size)).operands());
  ASSERT_TRUE(axes.ok()) << axes.error().message();
  EXPECT_EQ(axes.value()[2].scale, 7.0f / 5.0f);
  EXPECT_EQ(axes.value()[3].out, 20);
}

TEST(ResolveResize, RefusesFactorsThatMakeNoSense) {
  for (const float scale : {0.0f, -1.0f, 1e30f, std::nanf(""), INFINITY}) {
    std::vector<Tensor> operands;
    operands.push_back(Floats({}));
    operands.push_back(Floats({scale}));
    EXPECT_FALSE(ResolveResize(Site("Resize", {5}, std::move(operands)).operands()).ok()) << scale;
  }
  std::vector<Tensor> nothing;
  nothing.push_back(Floats({}));
  EXPECT_THAT(ResolveResize(Site("Resize", {5}, std::move(nothing)).operands()).error().message(),
              HasSubstr("neither scales nor sizes"));
}

TEST(ResolvePad, AddsRemovesAndRefusesToRemoveTooMuch) {
  const auto pad = [](List pads, const char* mode) {
    std::vector<Tensor> operands;
    operands.push_back(Ints(pads));
    Site site("Pad", {4, 3}, std::move(operands));
    site.node().attributes.emplace("mode", std::string(mode));
    return ResolvePad(site.operands());
  };
  const auto axes = pad({1, -1, 2, -1}, "constant");
  ASSERT_TRUE(axes.ok()) << axes.error().message();
  EXPECT_EQ(axes.value()[0].end, 2);
  EXPECT_EQ(axes.value()[1].begin, -1);
  EXPECT_THAT(pad({0, -2, 0, -2}, "constant").error().message(), HasSubstr("removes more than the 3"));
  EXPECT_TRUE(pad({3, 2, 3, 2}, "reflect").ok());
  EXPECT_THAT(pad({4, 0, 0, 0}, "reflect").error().message(), HasSubstr("cannot pad 4 elements by 4"));
  EXPECT_THAT(pad({0, 0, 0, 0}, "wrap").error().message(), HasSubstr("'wrap' is not supported"));
  EXPECT_THAT(pad({0, 0, 0}, "constant").error().message(), HasSubstr("3 entries, expected 4"));
  EXPECT_FALSE(pad({INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, "constant").ok());
  EXPECT_FALSE(pad({INT64_MIN, 0, 0, 0}, "constant").ok());
}

TEST(BroadcastDims, FollowsNumPy) {
  EXPECT_EQ(BroadcastDims({4, 1, 3}, {5, 1}).value(), (Dims{4, 5, 3}));
  EXPECT_EQ(BroadcastDims({}, {2}).value(), (Dims{2}));
  EXPECT_EQ(BroadcastDims({1}, {0}).value(), (Dims{0}));
  EXPECT_EQ(BroadcastDims({0}, {1}).value(), (Dims{0}));
  EXPECT_FALSE(BroadcastDims({2}, {3}).ok());
  EXPECT_FALSE(BroadcastDims({0}, {3}).ok());
}

TEST(ResolveAxis, CountsFromTheEndAndRefusesTheRest) {
  EXPECT_EQ(ResolveAxis(-1, 4).value(), 3);
  EXPECT_EQ(ResolveAxis(0, 4).value(), 0);
  for (const int64_t axis : {int64_t{4}, int64_t{-5}, INT64_MIN, INT64_MAX}) EXPECT_FALSE(ResolveAxis(axis, 4).ok());
  EXPECT_FALSE(ResolveAxis(0, 0).ok());
  EXPECT_THAT(ResolveAxes(List{1, -3}, 4).error().message(), HasSubstr("axis -3 is named twice"));
}

}  // namespace
}  // namespace lips
