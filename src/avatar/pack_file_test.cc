#include "avatar/pack_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "avatar/pack_writer.h"
#include "base/checksum.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> Bytes(size_t size, uint8_t first) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i * 7);
  return bytes;
}

class PackFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lipstream_pack_file_" + std::to_string(::getpid()));
    ASSERT_TRUE(MakeFolder(folder_).ok());
    path_ = folder_ / "a.lips";
    auto writer = PackWriter::Create(path_);
    ASSERT_TRUE(writer.ok());
    PackWriter& pack = writer.value();
    ASSERT_TRUE(pack.Add("small", "hello").ok());
    ASSERT_TRUE(pack.Add("empty", "").ok());
    ASSERT_TRUE(pack.Add("large", Bytes(10000, 1)).ok());
    ASSERT_TRUE(pack.BeginBlobs("blobs").ok());
    for (uint8_t i = 0; i < 3; ++i) ASSERT_TRUE(pack.AddBlob(Bytes(size_t{100} + i, i)).ok());
    ASSERT_TRUE(pack.EndBlobs().ok());
    ASSERT_TRUE(pack.Finish().ok());
    bytes_ = ReadFile(path_).value();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Rewrite(std::vector<uint8_t> bytes) { ASSERT_TRUE(WriteFileAtomically(path_, bytes).ok()); }
  // Everything there is, read as a program would.
  static Status ReadAll(const Path& path) {
    ASSIGN_OR_RETURN(const auto pack, PackFile::Open(path));
    for (const char* name : {"small", "empty", "large"}) RETURN_IF_ERROR(pack->FindSection(name));
    ASSIGN_OR_RETURN(const PackBlobs blobs, PackBlobs::Open(pack, "blobs"));
    for (int64_t i = 0; i < blobs.count(); ++i) RETURN_IF_ERROR(blobs.Get(i));
    return {};
  }

  Path folder_;
  Path path_;
  std::vector<uint8_t> bytes_;
};

TEST_F(PackFileTest, WhatIsWrittenIsReadAndLiesAligned) {
  const auto opened = PackFile::Open(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const PackFile& pack = *opened.value();
  EXPECT_TRUE(PackFile::Recognises(path_));
  EXPECT_EQ(pack.sections().size(), 5u);
  const OwnedBytes small = pack.FindSection("small").value();
  EXPECT_EQ(std::string(small.bytes.begin(), small.bytes.end()), "hello");
  EXPECT_TRUE(pack.FindSection("empty").value().bytes.empty());
  const OwnedBytes large = pack.FindSection("large").value();
  EXPECT_TRUE(std::ranges::equal(large.bytes, Bytes(10000, 1)));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(large.bytes.data()) % kPackPageAlignment, 0u);
  const auto blobs = PackBlobs::Open(opened.value(), "blobs");
  ASSERT_TRUE(blobs.ok()) << blobs.error().message();
  ASSERT_EQ(blobs.value().count(), 3);
  for (int64_t i = 0; i < 3; ++i) {
    const OwnedBytes block = blobs.value().Get(i).value();
    EXPECT_TRUE(std::ranges::equal(block.bytes, Bytes(static_cast<size_t>(100 + i), static_cast<uint8_t>(i))));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.bytes.data()) % kPackAlignment, 0u);
  }
  for (const PackSection& section : pack.sections()) EXPECT_TRUE(pack.Verify(section).ok()) << section.name;
  EXPECT_EQ(pack.Part("other").error().code(), ErrorCode::kInvalidInput);
}

// One damaged byte anywhere but in the zeros between sections is found, in that section's name.
TEST_F(PackFileTest, EveryFlippedByteIsFoundAndNamed) {
  const auto intact = PackFile::Open(path_).value();
  for (size_t at = 0; at < bytes_.size(); ++at) {
    const auto section = std::ranges::find_if(intact->sections(), [&](const PackSection& s) {
      return static_cast<int64_t>(at) >= s.offset && static_cast<int64_t>(at) < s.offset + s.bytes;
    });
    const bool in_section = section != intact->sections().end();
    const bool in_frame = at < size_t{kPackHeaderBytes} || at >= bytes_.size() - 5 * 128;
    if (!in_section && !in_frame) continue;
    // Thin the ten thousand alike bytes out.
    if (in_section && section->name == "large" && at % 997 != 0) continue;
    std::vector<uint8_t> damaged = bytes_;
    damaged[at] ^= 0x10;
    Rewrite(damaged);
    const Status read = ReadAll(path_);
    // The zeros between blocks belong to the data section, but to no block: only a whole check finds them.
    if (in_section && section->in_pieces && read.ok()) {
      const auto pack = PackFile::Open(path_).value();
      ASSERT_FALSE(pack->Verify(*pack->Find(section->name)).ok()) << at;
      continue;
    }
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_THAT(read.error().message(), HasSubstr("a.lips"));
    if (in_section) {
      EXPECT_THAT(read.error().message(), HasSubstr("'" + section->name + "'"));
      EXPECT_THAT(read.error().message(), HasSubstr("at byte "));
      EXPECT_EQ(read.error().code(), ErrorCode::kCorrupted);
    }
  }
}

TEST_F(PackFileTest, EveryTruncationIsFoundAtOpen) {
  for (size_t size = 0; size < bytes_.size(); size += size < 200 ? 1 : 501) {
    Rewrite({bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(size)});
    EXPECT_FALSE(PackFile::Open(path_).ok()) << size;
  }
  std::vector<uint8_t> longer = bytes_;
  longer.resize(bytes_.size() + 64);
  Rewrite(longer);
  EXPECT_FALSE(PackFile::Open(path_).ok());
}

TEST_F(PackFileTest, ANewerVersionIsRefusedInWords) {
  bytes_[8] = 2;
  Rewrite(bytes_);
  const auto opened = PackFile::Open(path_);
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(opened.error().message(),
            "'" + path_.string() +
                "': is an avatar pack of version 2; this program reads version 1: use a newer "
                "lipstream, or pack the avatar again");
  EXPECT_TRUE(PackFile::Recognises(path_));
}

TEST_F(PackFileTest, APackCutOffWhileOpenIsAnErrorAndNoCrash) {
  const auto pack = PackFile::Open(path_).value();
  const auto blobs = PackBlobs::Open(pack, "blobs");
  ASSERT_TRUE(blobs.ok());
  ASSERT_EQ(::truncate(path_.c_str(), 4096), 0);
  EXPECT_EQ(pack->Part("large").error().code(), ErrorCode::kCorrupted);
  EXPECT_EQ(blobs.value().Get(0).error().code(), ErrorCode::kCorrupted);
}

TEST_F(PackFileTest, ASecondSectionOfANameAndAnUnprintableNameAreRefused) {
  auto writer = PackWriter::Create(folder_ / "b.lips");
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer.value().Add("a", "1").ok());
  for (const std::string& name : {std::string("a"), std::string(""), std::string("a b"), std::string(64, 'x')}) {
    EXPECT_EQ(writer.value().Add(name, "2").error().code(), ErrorCode::kInvalidInput) << name;
  }
}

TEST(PackFormat, ATableThatLiesIsRefusedWhateverItsChecksumSays) {
  std::vector<PackSection> sections(2);
  sections[0].name = "one";
  sections[0].offset = 64;
  sections[0].bytes = 10;
  sections[1].name = "two";
  sections[1].offset = 128;
  sections[1].bytes = 20;
  const auto parse = [&] {
    const auto table = EncodePackTable(sections);
    PackHeader header{256 + 192, 192, 2, 0};
    header.file_bytes = 192 + static_cast<int64_t>(table.size());
    Checksum64 sum;
    sum.Add(table);
    header.table_checksum = sum.Value();
    return ParsePackTable(header, table).ok();
  };
  EXPECT_TRUE(parse());
  for (const auto& [offset, bytes] : {std::pair<int64_t, int64_t>{64, 20},
                                      {129, 20},
                                      {128, 65},
                                      {128, -1},
                                      {-128, 20},
                                      {int64_t{1} << 62, int64_t{1} << 62},
                                      {192, 1}}) {
    sections[1].offset = offset;
    sections[1].bytes = bytes;
    EXPECT_FALSE(parse()) << offset << " " << bytes;
  }
  sections[1].offset = 128;
  sections[1].bytes = 20;
  sections[1].name = "one";
  EXPECT_FALSE(parse()) << "twice the same name";
}

}  // namespace
}  // namespace lips
