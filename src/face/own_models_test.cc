// Detectors and landmark networks of the user's own, in networks made for the purpose that always give one answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/detector.h"
#include "face/landmarker.h"
#include "image/image.h"
#include "model/builder.h"
#include "model/onnx.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

// A picture of `side` in; each output the given constant.
Path Network(const std::string& name, int side, const std::vector<std::pair<Dims, std::vector<float>>>& outputs) {
  GraphBuilder net(13);
  const ValueId picture = net.Input("picture", {1, 3, side, side});
  const ValueId mean = net.Add("Flatten", {net.Add("GlobalAveragePool", {picture})});
  for (const auto& [dims, values] : outputs) {
    const auto count = static_cast<int64_t>(values.size());
    const ValueId zero = net.Constant({}, Tensor(DType::kF32, {3, count}));
    const ValueId row = net.Add("MatMul", {mean, zero});
    const ValueId sum = net.Add("Add", {row, net.Constant({}, Tensor::Of<float>({count}, values))});
    net.Output(net.Add("Reshape", {sum, net.Ints(dims)}));
  }
  const Path path = Path(::testing::TempDir()) / name;
  EXPECT_TRUE(WriteOnnx(path, std::move(net).Finish()).ok());
  return path;
}

const FaceEngine kReference = {.backend = Backend::kReference, .threads = 1};

// One face at stride 8, cell (3, 2), both anchors; with points or without.
Path MakeScrfd(bool points) {
  std::vector<std::pair<Dims, std::vector<float>>> outputs;
  for (const int64_t cells : {8, 4, 2}) {
    const int64_t rows = 2 * cells * cells;
    std::vector<float> scores(static_cast<size_t>(rows)), boxes(static_cast<size_t>(4 * rows), 1);
    std::vector<float> marks(static_cast<size_t>(10 * rows), 0.5F);
    if (cells == 8) scores[2 * (2 * 8 + 3)] = 0.9F, scores[2 * (2 * 8 + 3) + 1] = 0.8F;
    outputs.push_back({{rows, 1}, scores});
    outputs.push_back({{rows, 4}, boxes});
    if (points) outputs.push_back({{rows, 10}, marks});
  }
  return Network(points ? "scrfd_kps.onnx" : "scrfd.onnx", 64, outputs);
}

TEST(Scrfd, FindsTheBoxItsDistancesSpan) {
  for (const bool points : {true, false}) {
    const auto detector = OpenScrfd(MakeScrfd(points), kReference);
    ASSERT_TRUE(detector.ok()) << detector.error().message();
    const Image picture(128, 64);  // twice as wide as the network; a quarter black above and below
    const auto faces = detector.value()->Detect(picture.view(), false);
    ASSERT_TRUE(faces.ok());
    ASSERT_EQ(faces.value().size(), 1U);
    const FaceDetection& face = faces.value()[0];
    EXPECT_FLOAT_EQ(static_cast<float>(face.score), 0.9F);
    EXPECT_NEAR(face.left, 2 * (3 * 8 - 8), 1e-6);
    EXPECT_NEAR(face.right, 2 * (3 * 8 + 8), 1e-6);
    EXPECT_NEAR(face.top, 2 * (2 * 8 - 8) - 32, 1e-6);
    EXPECT_EQ(face.points.size(), points ? 5U : 0U);
  }
}

TEST(Scrfd, RefusesOtherNetworksSayingWhatItExpects) {
  const auto detector = OpenScrfd(Network("other.onnx", 64, {{{1, 4}, {1, 2, 3, 4}}}), kReference);
  ASSERT_FALSE(detector.ok());
  EXPECT_EQ(detector.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(detector.error().message(), HasSubstr("'other.onnx' is no SCRFD detector"));
}

TEST(Pfld, PlacesItsPointsInTheBoxAndAddsTheMeanFace) {
  std::vector<float> numbers(220, 0.25F);
  const Path file = Network("pfld.onnx", 32, {{{1, 220}, numbers}});
  const Path mean = Path(::testing::TempDir()) / "mean.txt";
  std::string text;
  for (int i = 0; i < 220; ++i) text += i % 2 == 0 ? "0.5 " : "0 ";
  ASSERT_TRUE(WriteFileAtomically(mean, text).ok());
  const auto landmarker = OpenPfld(file, mean, kReference);
  ASSERT_TRUE(landmarker.ok()) << landmarker.error().message();
  const FaceDetection box = {.score = 1, .left = 100, .top = 50, .right = 200, .bottom = 150, .points = {}};
  const SquareRegion region = landmarker.value()->RegionOf(box);
  EXPECT_DOUBLE_EQ(region.side, 105);
  const Image picture(300, 200);
  const auto face = landmarker.value()->Find(picture.view(), region);
  ASSERT_TRUE(face.ok());
  ASSERT_EQ(face.value().points.size(), 110U);
  EXPECT_NEAR(face.value().points[7].x, 150 + 105 * 0.25, 1e-6);
  EXPECT_NEAR(face.value().points[7].y, 100 - 105 * 0.25, 1e-6);
}

TEST(Pfld, RefusesOtherCountsAndMeanFaces) {
  const auto other = OpenPfld(Network("pfld68.onnx", 32, {{{1, 136}, std::vector<float>(136)}}), {}, kReference);
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message(), HasSubstr("98 or 110 points"));
  const Path mean = Path(::testing::TempDir()) / "mean_short.txt";
  ASSERT_TRUE(WriteFileAtomically(mean, "0.5 0.5").ok());
  const auto fewer = OpenPfld(Network("pfld98.onnx", 32, {{{1, 196}, std::vector<float>(196)}}), mean, kReference);
  ASSERT_FALSE(fewer.ok());
  EXPECT_THAT(fewer.error().message(), HasSubstr("has 2 numbers, expected 196"));
}

}  // namespace
}  // namespace lips
