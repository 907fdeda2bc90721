#include "train/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace lips {
namespace {

using ::testing::HasSubstr;

class TensorFileTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Path At(const char* name) const { return folder_ / name; }

 private:
  Path folder_ = Path(::testing::TempDir()) /
                 (std::string("tensor_file_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
                  std::to_string(::getpid()));
};

TensorFile Sample(int64_t step, size_t floats = 3) {
  TensorFile file;
  file.facts.Set("step", step);
  file.arrays["weights"] = std::vector<float>(floats, static_cast<float>(step));
  file.arrays["none"] = {};
  return file;
}

TEST_F(TensorFileTest, GivesBackWhatWasWritten) {
  ASSERT_TRUE(WriteTensorFile(At("a"), Sample(7)).ok());
  const auto read = ReadTensorFile(At("a"));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read.value().facts.Find("step")->as_int(), 7);
  EXPECT_EQ(read.value().arrays, Sample(7).arrays);
}

TEST_F(TensorFileTest, EveryCutAndEveryChangedByteIsNoticed) {
  ASSERT_TRUE(WriteTensorFile(At("a"), Sample(7)).ok());
  const auto whole = ReadFile(At("a")).value();
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_TRUE(WriteFileAtomically(At("b"), std::span(whole).first(length)).ok());
    EXPECT_EQ(ReadTensorFile(At("b")).error().code(), ErrorCode::kCorrupted) << length;
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] ^= 0x40;
    ASSERT_TRUE(WriteFileAtomically(At("b"), changed).ok());
    EXPECT_EQ(ReadTensorFile(At("b")).error().code(), ErrorCode::kCorrupted) << at;
  }
}

TEST_F(TensorFileTest, ADamagedCheckpointFallsBackToTheOneBefore) {
  ASSERT_TRUE(WriteCheckpoint(At("c"), Sample(1)).ok());
  ASSERT_TRUE(WriteCheckpoint(At("c"), Sample(2)).ok());
  EXPECT_EQ(ReadCheckpoint(At("c")).value().facts.Find("step")->as_int(), 2);
  ASSERT_TRUE(WriteFileAtomically(At("c"), "half a").ok());
  EXPECT_EQ(ReadCheckpoint(At("c")).value().facts.Find("step")->as_int(), 1);
  std::filesystem::remove(At("c"));  // killed between the two renames
  EXPECT_TRUE(HasCheckpoint(At("c")));
  EXPECT_EQ(ReadCheckpoint(At("c")).value().facts.Find("step")->as_int(), 1);
}

TEST_F(TensorFileTest, NoCheckpointIsSaidToBeMissingAndADamagedLoneOneDamaged) {
  EXPECT_FALSE(HasCheckpoint(At("c")));
  EXPECT_EQ(ReadCheckpoint(At("c")).error().code(), ErrorCode::kIo);
  ASSERT_TRUE(WriteFileAtomically(At("c"), "half a").ok());
  EXPECT_EQ(ReadCheckpoint(At("c")).error().code(), ErrorCode::kCorrupted);
}

// A child writes checkpoint after checkpoint until it is killed; whenever that happens, one can be read.
TEST_F(TensorFileTest, WhoeverIsKilledWhileWritingLeavesAWholeCheckpoint) {
  ASSERT_TRUE(WriteCheckpoint(At("c"), Sample(0, 200'000)).ok());
  for (const useconds_t microseconds : {2'000, 7'000, 11'000, 16'000, 23'000, 31'000}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int64_t step = 1;; ++step) {
        if (!WriteCheckpoint(At("c"), Sample(step, 200'000)).ok()) ::_exit(1);
      }
    }
    ::usleep(microseconds);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer gave up by itself";
    const auto read = ReadCheckpoint(At("c"));
    ASSERT_TRUE(read.ok()) << read.error().message();
    const auto step = static_cast<float>(read.value().facts.Find("step")->as_int());
    EXPECT_EQ(read.value().arrays.at("weights"), std::vector<float>(200'000, step));
  }
}

}  // namespace
}  // namespace lips
