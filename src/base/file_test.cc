#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/abandoned.h"

namespace lips {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("lipstream_file_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    ASSERT_TRUE(MakeFolder(folder_).ok());
  }
  void TearDown() override { fs::remove_all(folder_); }
  size_t EntryCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  Path folder_;
};

TEST_F(FileTest, WhatIsWrittenIsReadAndMapped) {
  const Path path = folder_ / "a.txt";
  ASSERT_TRUE(WriteFileAtomically(path, "hello").ok());
  EXPECT_EQ(ReadTextFile(path).value(), "hello");
  const auto mapped = MappedFile::Open(path);
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(mapped.value().bytes().size(), 5u);
  EXPECT_EQ(EntryCount(), 1u) << "no temporary file stays behind";
}

TEST_F(FileTest, AnUncommittedFileLeavesTheTargetAsItWas) {
  const Path path = folder_ / "a.mp4";
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  {
    auto file = AtomicFile::Create(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file.value().temporary_path().extension(), ".mp4");
  }
  EXPECT_EQ(ReadTextFile(path).value(), "old");
  EXPECT_EQ(EntryCount(), 1u);
}

TEST_F(FileTest, ErrorsNameThePathAndTheReason) {
  EXPECT_EQ(ReadTextFile(folder_ / "none").error().message(),
            "cannot open '" + (folder_ / "none").string() + "': No such file or directory");
  EXPECT_EQ(ReadTextFile(folder_).error().code(), ErrorCode::kIo);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "four").ok());
  EXPECT_EQ(ReadTextFile(folder_ / "a", 3).error().code(), ErrorCode::kResourceLimit);
  EXPECT_EQ(AtomicFile::Create(folder_ / "no" / "file").error().code(), ErrorCode::kIo);
  EXPECT_EQ(AtomicFile::Create(folder_).error().message(), "cannot write '" + folder_.string() + "': it is a folder");
}

TEST_F(FileTest, ADeviceOrPipeIsNotReplacedByAFile) {
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(WriteFileAtomically(pipe, "x").error().message(),
            "cannot write '" + pipe.string() + "': it is no regular file");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(AtomicFile::Create("/dev/null").error().code(), ErrorCode::kIo);
}

TEST_F(FileTest, WhatAKilledProcessLeftIsRemovedAndWhatALivingOneWritesIsNot) {
  const auto mine = AtomicFile::Create(folder_ / "mine");
  ASSERT_TRUE(mine.ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto left = AtomicFile::Create(folder_ / "left");
    ::_exit(left.ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(WriteFileAtomically(folder_ / ".tmp.file", "another's").ok());
  EXPECT_EQ(EntryCount(), 3u);
  EXPECT_EQ(RemoveAbandonedFiles(folder_), 1);
  EXPECT_EQ(EntryCount(), 2u);
  EXPECT_TRUE(fs::exists(mine.value().temporary_path()));
  EXPECT_EQ(RemoveAbandonedFiles(folder_ / "missing"), 0);
}

}  // namespace
}  // namespace lips
