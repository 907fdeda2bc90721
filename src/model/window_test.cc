#include "model/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lips {
namespace {

using ::testing::HasSubstr;
using List = std::vector<int64_t>;

Node Window(int64_t stride, int64_t dilation, int64_t begin, int64_t end) {
  Node node;
  node.attributes.emplace("strides", List{stride});
  node.attributes.emplace("dilations", List{dilation});
  node.attributes.emplace("pads", List{begin, end});
  return node;
}

RC_GTEST_PROP(ResolveWindow, CountsTheWindowsThatFitIntoThePaddedInput, ()) {
  const int64_t in = *rc::gen::inRange(1, 20), kernel = *rc::gen::inRange(1, 6), stride = *rc::gen::inRange(1, 5);
  const int64_t dilation = *rc::gen::inRange(1, 4), begin = *rc::gen::inRange(0, 4), end = *rc::gen::inRange(0, 4);
  int64_t fitting = 0;
  for (int64_t start = -begin; start + (kernel - 1) * dilation < in + end; start += stride) ++fitting;
  const auto axes = ResolveWindow(Window(stride, dilation, begin, end), {1, 1, in}, {kernel});
  RC_ASSERT(axes.ok() == (fitting > 0));
  if (axes.ok()) RC_ASSERT(axes.value()[0].out == fitting);
}

RC_GTEST_PROP(ResolveWindow, SamePaddingGivesOneOutputPerStrideAndDiffersByAtMostOne, ()) {
  Node node = Window(*rc::gen::inRange(1, 5), *rc::gen::inRange(1, 3), 0, 0);
  const bool upper = *rc::gen::arbitrary<bool>();
  node.attributes.insert_or_assign("auto_pad", std::string(upper ? "SAME_UPPER" : "SAME_LOWER"));
  const int64_t in = *rc::gen::inRange(1, 30);
  const auto axes = ResolveWindow(node, {1, 1, in}, {*rc::gen::inRange(1, 6)});
  RC_ASSERT(axes.ok());
  const WindowAxis& axis = axes.value()[0];
  RC_ASSERT(axis.out == (in + axis.stride - 1) / axis.stride);
  const int64_t surplus = axis.pad_end - axis.pad_begin;
  RC_ASSERT(surplus == 0 || surplus == (upper ? 1 : -1));
  // The last window ends within the padding.
  RC_ASSERT((axis.out - 1) * axis.stride - axis.pad_begin + (axis.kernel - 1) * axis.dilation < in + axis.pad_end);
}

// Going back through the convolution with the same attributes restores the size.
RC_GTEST_PROP(ResolveTransposedWindow, IsUndoneByTheConvolution, ()) {
  const int64_t kernel = *rc::gen::inRange(1, 6), dilation = *rc::gen::inRange(1, 3), in = *rc::gen::inRange(1, 20);
  const int64_t pad = *rc::gen::inRange<int64_t>(0, (dilation * (kernel - 1) + 1) / 2 + 1);
  const Node node = Window(*rc::gen::inRange(1, 5), dilation, pad, pad);
  const auto up = ResolveTransposedWindow(node, {1, 1, in}, {kernel});
  RC_PRE(up.ok());
  const auto down = ResolveWindow(node, {1, 1, up.value()[0].out}, {kernel});
  RC_ASSERT(down.ok());
  RC_ASSERT(down.value()[0].out == in);
}

TEST(ResolveWindow, CeilModeLeavesOutWindowsThatStartInTheEndPadding) {
  Node node = Window(2, 1, 1, 1);
  node.attributes.emplace("ceil_mode", int64_t{1});
  EXPECT_EQ(ResolveWindow(node, {1, 1, 6}, {3}).value()[0].out, 4);  // starts at -1 1 3 5
  EXPECT_EQ(ResolveWindow(node, {1, 1, 5}, {2}).value()[0].out, 3);  // a fourth would start at 5, in the padding
}

TEST(ResolveTransposedWindow, ReachesAStatedOutputShape) {
  Node node;
  node.attributes.emplace("strides", List{2, 2});
  node.attributes.emplace("output_shape", List{10, 9});
  const auto axes = ResolveTransposedWindow(node, {1, 4, 5, 4}, {3, 3});
  ASSERT_TRUE(axes.ok()) << axes.error().message();
  EXPECT_EQ(axes.value()[0].out, 10);
  EXPECT_EQ(axes.value()[0].pad_begin, 1);  // 11 without padding; the odd element goes to the beginning
  EXPECT_EQ(axes.value()[0].pad_end, 0);
  EXPECT_EQ(axes.value()[1].out, 9);
}

TEST(ResolveWindow, RefusesAttributesThatMakeNoSense) {
  EXPECT_THAT(ResolveWindow(Window(0, 1, 0, 0), {1, 1, 8}, {3}).error().message(), HasSubstr("strides holds 0"));
  EXPECT_THAT(ResolveWindow(Window(1, 0, 0, 0), {1, 1, 8}, {3}).error().message(), HasSubstr("dilations holds 0"));
  EXPECT_THAT(ResolveWindow(Window(1, 1, -1, 0), {1, 1, 8}, {3}).error().message(), HasSubstr("pads holds -1"));
  EXPECT_THAT(ResolveWindow(Window(INT64_MAX, 1, 0, 0), {1, 1, 8}, {3}).error().message(),
              HasSubstr("strides holds 9"));
  EXPECT_FALSE(ResolveWindow(Window(1, int64_t{1} << 31, 0, 0), {1, 1, 8}, {int64_t{1} << 31}).ok());
  EXPECT_THAT(ResolveWindow(Window(1, 1, 0, 0), {1, 1, 8, 8}, {3, 3}).error().message(),
              HasSubstr("1 entries, expected 2"));
  EXPECT_THAT(ResolveWindow(Window(1, 1, 0, 0), {1, 1, 2}, {3}).error().message(),
              HasSubstr("a window of 3 does not fit"));
  EXPECT_FALSE(ResolveWindow(Window(1, 1, 0, 0), {1, 1, 8}, {0}).ok());
  EXPECT_FALSE(ResolveTransposedWindow(Window(1, 1, 9, 9), {1, 1, 4}, {3}).ok());
}

}  // namespace
}  // namespace lips
