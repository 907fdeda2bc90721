// The networks themselves: the same answers on every engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "face/detector.h"
#include "face/landmarker.h"
#include "face/mesh_points.h"
#include "face/test_models.h"
#include "model/tflite.h"

namespace lips {
namespace {

std::vector<Tensor> RunOn(Backend backend, const Path& file) {
  auto network = FaceNetwork::Open(file, {.backend = backend, .threads = 2});
  EXPECT_TRUE(network.ok()) << network.error().message();
  if (!network.ok()) return {};
  const auto input = network.value().input();
  for (size_t i = 0; i < input.size(); ++i) {
    input[i] = 0.5F + 0.5F * std::sin(static_cast<float>(i % 9973) * 0.37F + static_cast<float>(i % 61));
  }
  EXPECT_TRUE(network.value().Run().ok());
  std::vector<Tensor> outputs;
  for (const Tensor& output : network.value().outputs()) outputs.push_back(output.Clone());
  return outputs;
}

void ExpectEqual(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].dims(), b[i].dims());
    float largest = 1, error = 0;
    for (size_t k = 0; k < a[i].As<float>().size(); ++k) {
      largest = std::max(largest, std::abs(a[i].As<float>()[k]));
      error = std::max(error, std::abs(a[i].As<float>()[k] - b[i].As<float>()[k]));
    }
    EXPECT_LE(error, 1e-4F * largest) << "output " << i;
  }
}

TEST(FaceModels, GiveTheSameOnEveryEngine) {
  const auto files = TestFaceModels();
  if (!files) GTEST_SKIP() << kNoFaceModels;
  if (!OnnxRuntimeVersion().ok()) GTEST_SKIP() << "needs ONNX Runtime";
  for (const Path& file : {files->short_range, files->full_range, files->mesh}) {
    SCOPED_TRACE(file.filename());
    EXPECT_EQ(FirstUnsupported(ReadNetwork(FilePart::Open(file).value()).value(), Backend::kCpu), "");
    const auto reference = RunOn(Backend::kReference, file);
    ExpectEqual(reference, RunOn(Backend::kOnnxRuntime, file));
    ExpectEqual(reference, RunOn(Backend::kCpu, file));
  }
}

TEST(FaceModels, AreRefusedInEachOthersPlace) {
  const auto files = TestFaceModels();
  if (!files) GTEST_SKIP() << kNoFaceModels;
  const auto detector = OpenBlazeFace({files->full_range, files->full_range, files->mesh}, {});
  ASSERT_FALSE(detector.ok());
  EXPECT_THAT(detector.error().message(), ::testing::HasSubstr("not the BlazeFace of 896 anchors"));
  const auto mesh = OpenFaceMesh({files->short_range, files->full_range, files->full_range}, {});
  ASSERT_FALSE(mesh.ok());
  EXPECT_THAT(mesh.error().message(), ::testing::HasSubstr("not the face mesh of 468 points"));
}

TEST(BlazeFace, FindsNothingInAnEmptyPicture) {
  const auto files = TestFaceModels();
  if (!files) GTEST_SKIP() << kNoFaceModels;
  const auto detector = OpenBlazeFace(*files, {});
  ASSERT_TRUE(detector.ok()) << detector.error().message();
  for (const auto& [width, height] : {std::pair(640, 360), {1, 1}, {3, 700}}) {
    const Image grey(width, height);
    const auto faces = detector.value()->Detect(grey.view(), true);
    ASSERT_TRUE(faces.ok());
    EXPECT_TRUE(faces.value().empty());
  }
}

TEST(MeshScheme, GivesALandmarkForEachOfThe110AndTheRectanglesOwnWhereTheRuleReadsThem) {
  const LandmarkScheme scheme = MeshScheme();
  ASSERT_EQ(scheme.lms.size(), 110U);
  for (const size_t point : scheme.lms) EXPECT_LT(point, scheme.count);
  EXPECT_EQ(scheme.lms[1], scheme.left);
  EXPECT_EQ(scheme.lms[31], scheme.right);
  EXPECT_EQ(scheme.lms[52], scheme.top);
}

TEST(FindFaceModels, SaysWhereItLookedAndWhatHelps) {
  const auto files = FindFaceModels("/nowhere/at/all");
  ASSERT_FALSE(files.ok());
  EXPECT_THAT(files.error().message(), ::testing::HasSubstr("/nowhere/at/all"));
  EXPECT_THAT(files.error().message(), ::testing::HasSubstr("./dev setup"));
}

}  // namespace
}  // namespace lips
