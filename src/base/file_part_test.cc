#include "base/file_part.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

namespace lips {
namespace {

namespace fs = std::filesystem;

class FilePartTest : public ::testing::Test {
 protected:
  // Byte i of the file is i.
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lipstream_file_part_" + std::to_string(::getpid()));
    ASSERT_TRUE(MakeFolder(folder_).ok());
    path_ = folder_ / "file";
    std::vector<uint8_t> bytes(200);
    std::iota(bytes.begin(), bytes.end(), uint8_t{0});
    ASSERT_TRUE(WriteFileAtomically(path_, bytes).ok());
  }
  void TearDown() override { fs::remove_all(folder_); }

  Path folder_;
  Path path_;
};

TEST_F(FilePartTest, APartOfAPartReadsAndMapsWhatLiesThere) {
  const auto file = FilePart::Open(path_);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file.value().is_whole_file());
  const auto part = file.value().Part(50, 100, "middle");
  ASSERT_TRUE(part.ok());
  const auto inner = part.value().Part(10, 3, "inner");
  ASSERT_TRUE(inner.ok());
  const std::vector<uint8_t> expected = {60, 61, 62};
  EXPECT_EQ(inner.value().ReadAll().value(), expected);
  const OwnedBytes mapped = inner.value().Map().value();
  EXPECT_TRUE(std::ranges::equal(mapped.bytes, expected));
  EXPECT_FALSE(inner.value().is_whole_file());
  EXPECT_TRUE(file.value().Part(200, 0, "end").value().Map().value().bytes.empty());
}

TEST_F(FilePartTest, APartOutsideTheFileIsRefused) {
  const auto file = FilePart::Open(path_).value();
  constexpr int64_t kHuge = int64_t{1} << 62;
  for (const auto& [offset, length] :
       {std::pair<int64_t, int64_t>{0, 201}, {201, 0}, {-1, 5}, {5, -1}, {kHuge, kHuge}}) {
    EXPECT_EQ(file.Part(offset, length, "bad").error().code(), ErrorCode::kInvalidInput) << offset;
  }
  std::vector<uint8_t> out(10);
  EXPECT_EQ(file.Read(191, out).error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(file.Read(190, out).ok());
  EXPECT_EQ(file.ReadAll(199).error().code(), ErrorCode::kResourceLimit);
}

TEST_F(FilePartTest, AReplacedFileIsReadAsItWas) {
  const auto file = FilePart::Open(path_).value();
  ASSERT_TRUE(WriteFileAtomically(path_, "new").ok());
  EXPECT_EQ(file.ReadAll().value().size(), 200u);
  EXPECT_EQ(FilePart::Open(path_).value().ReadAll().value().size(), 3u);
}

TEST_F(FilePartTest, AFileThatWasCutOffIsAnErrorAndNoCrash) {
  const auto file = FilePart::Open(path_).value();
  ASSERT_EQ(::truncate(path_.c_str(), 100), 0);
  EXPECT_EQ(file.ReadAll().error().message(), "'" + path_.string() +
                                                  "': the file was cut off at byte 100 while in "
                                                  "use; expected at least 200");
  EXPECT_EQ(file.Map().error().code(), ErrorCode::kCorrupted);
  std::vector<uint8_t> out(100);
  EXPECT_TRUE(file.Read(0, out).ok()) << "what is still there can be read";
}

TEST_F(FilePartTest, OnlyRegularFilesAreOpened) {
  EXPECT_EQ(FilePart::Open(folder_ / "none").error().message(),
            "cannot open '" + (folder_ / "none").string() + "': No such file or directory");
  EXPECT_EQ(FilePart::Open(folder_).error().code(), ErrorCode::kIo);
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(FilePart::Open(folder_ / "pipe").error().code(), ErrorCode::kIo) << "without waiting for a writer";
}

TEST_F(FilePartTest, AMappingOutlivesTheFileObject) {
  OwnedBytes mapped;
  { mapped = FilePart::Open(path_).value().Map(7, 1).value(); }
  EXPECT_EQ(mapped.bytes[0], 7);
}

}  // namespace
}  // namespace lips
