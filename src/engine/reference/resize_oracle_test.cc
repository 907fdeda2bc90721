// Every coordinate and rounding mode, up, down and by odd factors.
#include <gtest/gtest.h>

#include "engine/reference/oracle.h"
#include "engine/session.h"

namespace lips {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

std::vector<OperatorCase> Resizes() {
  return {
      {"Linear_half_pixel_Up",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 3})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "half_pixel"s}});
       },
       17,
       3e-5},
      {"Linear_half_pixel_Down",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 0.5f, 0.4f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "half_pixel"s}});
       },
       17,
       3e-5},
      {"Linear_half_pixel_Odd",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 1.7f, 1.3f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "half_pixel"s}});
       },
       17,
       3e-5},
      {"Linear_align_corners_Up",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 3})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
       },
       17,
       3e-5},
      {"Linear_align_corners_Down",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 0.5f, 0.4f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
       },
       17,
       3e-5},
      {"Linear_align_corners_Odd",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 1.7f, 1.3f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
       },
       17,
       3e-5},
      {"Linear_asymmetric_Up",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 3})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "asymmetric"s}});
       },
       17,
       3e-5},
      {"Linear_asymmetric_Down",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 0.5f, 0.4f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "asymmetric"s}});
       },
       17,
       3e-5},
      {"Linear_asymmetric_Odd",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 1.7f, 1.3f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "asymmetric"s}});
       },
       17,
       3e-5},
      {"Linear_pytorch_half_pixel_Up",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 3})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "pytorch_half_pixel"s}});
       },
       17,
       3e-5},
      {"Linear_pytorch_half_pixel_Down",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 0.5f, 0.4f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "pytorch_half_pixel"s}});
       },
       17,
       3e-5},
      {"Linear_pytorch_half_pixel_Odd",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 1.7f, 1.3f})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "pytorch_half_pixel"s}});
       },
       17,
       3e-5},
      {"Nearest_half_pixel_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "half_pixel"s}, {"nearest_mode", "floor"s}});
       }},
      {"Nearest_half_pixel_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "half_pixel"s}, {"nearest_mode", "ceil"s}});
       }},
      {"Nearest_half_pixel_round_prefer_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "half_pixel"s},
                         {"nearest_mode", "round_prefer_floor"s}});
       }},
      {"Nearest_half_pixel_round_prefer_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "half_pixel"s},
                         {"nearest_mode", "round_prefer_ceil"s}});
       }},
      {"Nearest_asymmetric_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "asymmetric"s}, {"nearest_mode", "floor"s}});
       }},
      {"Nearest_asymmetric_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "asymmetric"s}, {"nearest_mode", "ceil"s}});
       }},
      {"Nearest_asymmetric_round_prefer_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "asymmetric"s},
                         {"nearest_mode", "round_prefer_floor"s}});
       }},
      {"Nearest_asymmetric_round_prefer_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "asymmetric"s},
                         {"nearest_mode", "round_prefer_ceil"s}});
       }},
      {"Nearest_align_corners_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "align_corners"s}, {"nearest_mode", "floor"s}});
       }},
      {"Nearest_align_corners_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
             {{"mode", "nearest"s}, {"coordinate_transformation_mode", "align_corners"s}, {"nearest_mode", "ceil"s}});
       }},
      {"Nearest_align_corners_round_prefer_floor",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "align_corners"s},
                         {"nearest_mode", "round_prefer_floor"s}});
       }},
      {"Nearest_align_corners_round_prefer_ceil",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.7f})},
                        {{"mode", "nearest"s},
                         {"coordinate_transformation_mode", "align_corners"s},
                         {"nearest_mode", "round_prefer_ceil"s}});
       }},
      {"LinearBySizes",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, kNoValue, net.Ints({1, 2, 11, 3})}, {{"mode", "linear"s}});
       },
       17,
       3e-5},
      {"LinearToOnePixelAlignCorners",
       {{1, 2, 5, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, kNoValue, net.Ints({1, 2, 1, 1})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
       }},
      {"LinearFromOnePixel",
       {{1, 2, 1, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, kNoValue, net.Ints({1, 2, 4, 3})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
       }},
      {"CubicHalfPixel",
       {{1, 2, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.5f})}, {{"mode", "cubic"s}});
       },
       17,
       3e-5},
      {"CubicCatmullRomAlignCorners",
       {{1, 2, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.5f})},
             {{"mode", "cubic"s}, {"cubic_coeff_a", -0.5f}, {"coordinate_transformation_mode", "align_corners"s}});
       },
       17,
       3e-5},
      {"CubicExcludeOutside",
       {{1, 2, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, net.Floats({1, 1, 2, 1.5f})},
                        {{"mode", "cubic"s}, {"exclude_outside", 1_i}});
       },
       17,
       3e-5},
      {"Opset11Linear",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], net.Constant("roi", FloatTensor({0}, {})), net.Floats({1, 1, 2, 2})},
                        {{"mode", "linear"s}});
       },
       11,
       3e-5},
  };
}

class ResizeOperators : public testing::TestWithParam<OperatorCase> {};

TEST_P(ResizeOperators, AgreeWithOnnxRuntime) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  EXPECT_EQ(Disagreement(GetParam()), "");
}

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Resizes, ResizeOperators, testing::ValuesIn(Resizes()), kName);

}  // namespace
}  // namespace lips
