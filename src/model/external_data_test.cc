#include "model/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lips {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A model's folder with weights.bin = bytes 0..15, and a file beside the folder that must stay out of reach.
class ExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = Path(::testing::TempDir()) / ("external_data_" + std::to_string(::getpid()));
    folder_ = root_ / "model";
    ASSERT_TRUE(MakeFolder(folder_ / "parts").ok());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "weights.bin", Counting(16)).ok());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "parts" / "more.bin", Counting(4)).ok());
    ASSERT_TRUE(WriteFileAtomically(root_ / "secret.bin", Counting(16)).ok());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static std::vector<uint8_t> Counting(uint8_t count) {
    std::vector<uint8_t> bytes(count);
    for (uint8_t i = 0; i < count; ++i) bytes[i] = i;
    return bytes;
  }

  void ExpectRefused(std::string_view location, std::string_view reason, int64_t offset = 0, const Dims& dims = {4}) {
    const auto tensor = ReadExternalTensor(folder_, location, offset, DType::kU8, dims);
    ASSERT_FALSE(tensor.ok()) << location;
    EXPECT_THAT(tensor.error().message(), HasSubstr(reason)) << location;
  }

  Path root_;
  Path folder_;
};

TEST_F(ExternalData, ReadsTheElementsAtTheOffset) {
  const auto tensor = ReadExternalTensor(folder_, "weights.bin", 6, DType::kU8, {2, 2});
  ASSERT_TRUE(tensor.ok()) << tensor.error().message();
  EXPECT_THAT(tensor.value().As<uint8_t>(), ElementsAre(6, 7, 8, 9));
  EXPECT_TRUE(ReadExternalTensor(folder_, "weights.bin", 12, DType::kF32, {1}).ok());
  EXPECT_TRUE(ReadExternalTensor(folder_, "parts/more.bin", 0, DType::kU8, {4}).ok());
}

TEST_F(ExternalData, RefusesWhatTheFileDoesNotHold) {
  ExpectRefused("weights.bin", "has 16 bytes, but 4 at offset 13 are asked of it", 13);
  ExpectRefused("weights.bin", "offset 9223372036854775807", INT64_MAX);
  ExpectRefused("weights.bin", "offset -1", -1);
  ExpectRefused("weights.bin", "1099511627776 at offset 0", 0, {int64_t{1} << 40});
  ExpectRefused("missing.bin", "cannot open external data file 'missing.bin'");
}

TEST_F(ExternalData, RefusesATensorLargerThanMemoryFromASparseFile) {
  std::filesystem::resize_file(folder_ / "weights.bin", uintmax_t{1} << 36);
  ExpectRefused("weights.bin", "would give one tensor of 68719476736 bytes", 0, {int64_t{1} << 36});
}

TEST_F(ExternalData, RefusesPathsOutOfTheFolder) {
  for (const std::string location : {"../secret.bin", "parts/../../secret.bin", "..", ".", "", "parts/",
                                     "./weights.bin", "/etc/hostname", "parts//more.bin/"}) {
    ExpectRefused(location, "not a plain file name inside the model's folder");
  }
  ExpectRefused(std::string_view("weights.bin\0x", 13), "not a plain file name");
}

TEST_F(ExternalData, RefusesLinksOfEveryKind) {
  std::filesystem::create_symlink(root_ / "secret.bin", folder_ / "soft.bin");
  ExpectRefused("soft.bin", "reached through a link");
  std::filesystem::create_directory_symlink(root_, folder_ / "up");
  ExpectRefused("up/secret.bin", "reached through a link");
  std::filesystem::create_hard_link(root_ / "secret.bin", folder_ / "hard.bin");
  ExpectRefused("hard.bin", "several names (hard links)");
}

TEST_F(ExternalData, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  ExpectRefused("pipe", "not a regular file");
  ExpectRefused("parts", "not a regular file");
}

}  // namespace
}  // namespace lips
