#include "verify/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "image/random_picture.h"
#include "media/sequence_writer.h"
#include "tensor/npy.h"
#include "verify/compare_tensors.h"
#include "verify/html_report.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

class CompareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lips-compare-" + std::to_string(getpid()));
    ASSERT_TRUE(MakeFolder(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Pictures of one seed; frame `darker`, when there is one, loses `by` levels in one pixel at (20, 20).
  Path Pictures(const char* name, int frames, int darker = -1, int by = 0) {
    std::mt19937 rng(9);
    auto writer = SequenceWriter::Create(folder_ / name, {}).value();
    for (int n = 0; n < frames; ++n) {
      Image image = SmoothPicture(rng, 48, 40);
      if (n == darker) image.view().Row(20)[3 * 20] = static_cast<uint8_t>(image.view().Row(20)[3 * 20] - by);
      EXPECT_TRUE(writer.Write(std::as_const(image).view()).ok());
    }
    return folder_ / name;
  }

  Path folder_;
};

TEST_F(CompareTest, EqualFoldersAreEqual) {
  CompareRequest request;
  request.a = Pictures("a", 4);
  request.b = Pictures("b", 4);
  const auto report = Compare(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_TRUE(AllOk(report.value().metrics));
  EXPECT_EQ(report.value().regions[0].least_psnr_db, 100);
  EXPECT_TRUE(report.value().worst.empty());
}

TEST_F(CompareTest, NamesAndShowsTheWorstFrameAndItsRegion) {
  CompareRequest request;
  request.a = Pictures("a", 5);
  request.b = Pictures("b", 5, 3, 30);
  request.face = Rect{10, 10, 20, 20};  // its mouth covers (20, 20)
  request.pictures = folder_ / "worst";
  auto report = Compare(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  ASSERT_EQ(report.value().regions.size(), 3u);
  for (const ComparedRegion& region : report.value().regions) {
    EXPECT_EQ(region.worst_frame, 3) << region.name;
    EXPECT_EQ(region.max_error, 30);
  }
  EXPECT_LT(report.value().regions[2].least_psnr_db, report.value().regions[0].least_psnr_db);
  ASSERT_EQ(report.value().worst.size(), 1u) << "the others are equal";
  EXPECT_TRUE(std::filesystem::exists(folder_ / "worst" / "worst_000003.png"));
  EXPECT_TRUE(AllOk(report.value().metrics)) << "nothing was asked for";
  ASSERT_TRUE(
      SetLimits(std::vector<std::pair<std::string, double>>{{"mouth error", 10.0}}, report.value().metrics).ok());
  EXPECT_FALSE(AllOk(report.value().metrics));
  const Status unknown = SetLimits(std::vector<std::pair<std::string, double>>{{"moth", 1.0}}, report.value().metrics);
  EXPECT_THAT(unknown.error().message(), HasSubstr("mouth error"));
}

TEST_F(CompareTest, AMissingFrameFails) {
  CompareRequest request;
  request.a = Pictures("a", 5);
  request.b = Pictures("b", 4);
  const auto report = Compare(request);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(AllOk(report.value().metrics));
}

TEST_F(CompareTest, TensorsAreComparedElementByElement) {
  Tensor a(DType::kF32, {2, 3}), b(DType::kF32, {2, 3}), c(DType::kF32, {6});
  for (size_t i = 0; i < 6; ++i) a.As<float>()[i] = b.As<float>()[i] = static_cast<float>(i);
  b.As<float>()[4] += 0.5F;
  ASSERT_TRUE(WriteNpy(folder_ / "a.npy", a).ok());
  ASSERT_TRUE(WriteNpy(folder_ / "b.npy", b).ok());
  ASSERT_TRUE(WriteNpy(folder_ / "c.npy", c).ok());
  const auto same = CompareTensors(folder_ / "a.npy", folder_ / "a.npy");
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same.value().tensors[0].max_error, 0);
  const auto other = CompareTensors(folder_ / "a.npy", folder_ / "b.npy");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other.value().tensors[0].max_error, 0.5);
  EXPECT_EQ(other.value().tensors[0].worst_index, 4);
  const auto shapes = CompareTensors(folder_ / "a.npy", folder_ / "c.npy");
  ASSERT_FALSE(shapes.ok());
  EXPECT_THAT(shapes.error().message(), HasSubstr("[2,3]"));
}

TEST(HtmlReport, EscapesWhatItIsTold) {
  ReportPage page;
  page.title = "<script>alert(1)</script>";
  page.metrics = {{"a & b", 3, "px", Bound::kAtMost, 2.0, "\"quoted\"", -1}};
  const std::string html = HtmlReport(page).value();
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_THAT(html, HasSubstr("a &amp; b"));
  EXPECT_THAT(html, HasSubstr("fails"));
}

}  // namespace
}  // namespace lips
