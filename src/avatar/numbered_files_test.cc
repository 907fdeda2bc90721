#include "avatar/numbered_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace lips {
namespace {

constexpr std::string_view kPictures[] = {".jpg", "_masked.jpg"};

// A folder of empty files that goes away with the test.
class NumberedFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = Path(testing::TempDir()) / ("numbered_" + std::to_string(::getpid()) + "_" +
                                          testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Make(std::initializer_list<const char*> names) const {
    for (const char* name : names) std::ofstream(folder_ / name).put('x');
  }
  Path folder_;
};

TEST_F(NumberedFolder, OrdersByNumberAndIgnoresTheRest) {
  Make({"10.jpg", "9.jpg", "8.jpg", "7.jpg", "6.jpg", "5.jpg", "4.jpg", "3.jpg", "2.jpg", "1.jpg", "0.jpg", "x.jpg",
        "-1.jpg", "readme.txt", "11.png"});
  const auto files = FindNumberedFiles(folder_, kPictures);
  ASSERT_TRUE(files.ok() && files.value());
  EXPECT_EQ(files.value()->count(), 11);
  EXPECT_EQ(files.value()->At(10).filename(), "10.jpg");
  EXPECT_EQ(files.value()->first_number, 0);
}

TEST_F(NumberedFolder, StartsAtOneWithLeadingZerosAsFfmpegWritesThem) {
  Make({"0001.jpg", "0002.JPG"});
  const auto files = FindNumberedFiles(folder_, kPictures);
  ASSERT_TRUE(files.ok() && files.value());
  EXPECT_EQ(files.value()->first_number, 1);
  EXPECT_EQ(files.value()->At(0).filename(), "0001.jpg");
}

TEST_F(NumberedFolder, FindsTheSecondSuffix) {
  Make({"0_masked.jpg", "1_masked.jpg"});
  const auto files = FindNumberedFiles(folder_, kPictures);
  ASSERT_TRUE(files.ok() && files.value());
  EXPECT_EQ(files.value()->count(), 2);
}

TEST_F(NumberedFolder, NamesTheGap) {
  Make({"0.jpg", "1.jpg", "3.jpg"});
  const auto files = FindNumberedFiles(folder_, kPictures);
  ASSERT_FALSE(files.ok());
  EXPECT_NE(files.error().message().find("frame 2 is missing"), std::string::npos) << files.error().message();
}

TEST_F(NumberedFolder, RefusesTwoFilesOfOneNumber) {
  Make({"0.jpg", "1.jpg", "01.jpg"});
  EXPECT_FALSE(FindNumberedFiles(folder_, kPictures).ok());
}

TEST_F(NumberedFolder, RefusesToStartLater) {
  Make({"2.jpg", "3.jpg"});
  EXPECT_FALSE(FindNumberedFiles(folder_, kPictures).ok());
}

TEST_F(NumberedFolder, AnAbsentOrEmptyFolderHoldsNothing) {
  EXPECT_FALSE(FindNumberedFiles(folder_ / "absent", kPictures).value());
  EXPECT_FALSE(FindNumberedFiles(folder_, kPictures).value());
}

}  // namespace
}  // namespace lips
