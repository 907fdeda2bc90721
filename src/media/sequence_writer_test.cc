#include "media/sequence_writer.h"

#include <gtest/gtest.h>

#include "media/media_test_files.h"
#include "media/picture.h"

namespace lips {
namespace {

class SequenceWriterTest : public ::testing::Test, protected MediaFolder {};

TEST_F(SequenceWriterTest, NumbersFilesFromZeroWithSixDigits) {
  auto writer = SequenceWriter::Create(folder_ / "new" / "frames", {});
  ASSERT_TRUE(writer.ok()) << writer.error().message();
  YuvImage grey(6, 4, {YuvMatrix::kBt709, YuvRange::kFull});
  for (int k = 0; k < 3; ++k) {
    grey.view().y.Row(0)[0] = static_cast<uint8_t>(50 * k);
    ASSERT_TRUE(writer.value().Write(std::as_const(grey).view()).ok());
  }
  EXPECT_EQ(writer.value().frames(), 3);
  const Image last = ReadPicture(folder_ / "new" / "frames" / "000002.png").value();
  EXPECT_EQ(last.view().Row(0)[1], 100);
  EXPECT_EQ(last.view().Row(3)[1], 0);
  EXPECT_EQ(writer.value().FileOf(1234567).filename(), "1234567.png");
}

TEST_F(SequenceWriterTest, SaysWhatItCannotDo) {
  EXPECT_EQ(SequenceWriter::Create(folder_, {.extension = ".gif"}).error().message(),
            "cannot write frames as '.gif'; expected .png, .jpg or .jpeg");
  EXPECT_EQ(SequenceWriter::Create(folder_, {.jpeg_quality = 101}).error().code(), ErrorCode::kInvalidInput);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "file", "x").ok());
  EXPECT_EQ(SequenceWriter::Create(folder_ / "file", {}).error().code(), ErrorCode::kIo);
  auto writer = SequenceWriter::Create(folder_ / "gone", {});
  ASSERT_TRUE(writer.ok());
  std::filesystem::remove_all(folder_ / "gone");
  const Status status = writer.value().Write(Image(4, 4).view());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("000000.png"), std::string::npos) << status.error().message();
  EXPECT_EQ(writer.value().frames(), 0);
}

}  // namespace
}  // namespace lips
