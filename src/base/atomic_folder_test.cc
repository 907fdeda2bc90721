#include "base/atomic_folder.h"

#include <gtest/gtest.h>

#include <string>

namespace lips {
namespace {

class AtomicFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    base_ = Path(::testing::TempDir()) / (std::string("atomic_folder_") + info->name());
    std::filesystem::remove_all(base_);
    std::filesystem::create_directories(base_);
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  bool IsEmpty() const { return std::filesystem::is_empty(base_); }

  Path base_;
};

TEST_F(AtomicFolderTest, AppearsWithEverythingInItOnCommit) {
  auto folder = AtomicFolder::Create(base_ / "a" / "anna/");
  ASSERT_TRUE(folder.ok()) << folder.error().message();
  ASSERT_TRUE(WriteFileAtomically(folder.value().temporary_path() / "x", "hello").ok());
  EXPECT_FALSE(std::filesystem::exists(base_ / "a" / "anna"));
  ASSERT_TRUE(folder.value().Commit().ok());
  EXPECT_EQ(ReadTextFile(base_ / "a" / "anna" / "x").value(), "hello");
}

TEST_F(AtomicFolderTest, LeavesNothingWithoutCommit) {
  {
    auto folder = AtomicFolder::Create(base_ / "anna");
    ASSERT_TRUE(folder.ok());
    ASSERT_TRUE(WriteFileAtomically(folder.value().temporary_path() / "x", "hello").ok());
    const AtomicFolder moved = std::move(folder).value();
    EXPECT_FALSE(IsEmpty());
  }
  EXPECT_TRUE(IsEmpty());
}

TEST_F(AtomicFolderTest, RefusesAFolderThatHoldsSomethingAndAFile) {
  ASSERT_TRUE(WriteFileAtomically(base_ / "file", "x").ok());
  for (const Path& target : {base_, base_ / "file"}) {
    const auto folder = AtomicFolder::Create(target);
    ASSERT_FALSE(folder.ok());
    EXPECT_EQ(folder.error().code(), ErrorCode::kInvalidInput);
  }
}

TEST_F(AtomicFolderTest, TakesThePlaceOfAnEmptyFolder) {
  std::filesystem::create_directory(base_ / "anna");
  auto folder = AtomicFolder::Create(base_ / "anna");
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(folder.value().Commit().ok());
}

TEST_F(AtomicFolderTest, LosesAgainstWhoeverTookTheNameMeanwhile) {
  {
    auto folder = AtomicFolder::Create(base_ / "anna");
    ASSERT_TRUE(folder.ok());
    ASSERT_TRUE(WriteFileAtomically(base_ / "anna", "mine").ok());
    EXPECT_FALSE(folder.value().Commit().ok());
  }
  EXPECT_EQ(ReadTextFile(base_ / "anna").value(), "mine");
  std::filesystem::remove(base_ / "anna");
  EXPECT_TRUE(IsEmpty());
}

}  // namespace
}  // namespace lips
