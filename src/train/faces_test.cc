#include "train/faces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace lips {
namespace {

Path TemporaryFile(const char* name) { return Path(::testing::TempDir()) / (std::to_string(::getpid()) + "_" + name); }

// Frame k is one colour: (10 k, 20 k, 40); resting pictures are darker by 5.
Status Paint(int64_t frame, FaceKind kind, Image& picture) {
  picture.Resize(160, 160);
  const int darker = kind == FaceKind::kResting ? 5 : 0;
  const int k = static_cast<int>(frame);
  for (int y = 0; y < 160; ++y) {
    for (int x = 0; x < 160; ++x) {
      uint8_t* pixel = picture.view().Row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(10 + 10 * k - darker);
      pixel[1] = static_cast<uint8_t>(10 + 20 * k - darker);
      pixel[2] = 40;
    }
  }
  return {};
}

TEST(FaceStore, GivesEachPictureBackNearly) {
  const Path path = TemporaryFile("faces");
  constexpr int64_t kFrames = 20;  // more pictures than are compressed at once
  const FaceStoreHeader header = {.size_px = 160, .frames = kFrames, .has_resting = true, .key = "k"};
  ASSERT_TRUE(FaceStore::Write(path, header, Paint, 3).ok());
  const auto store = FaceStore::Open(path);
  ASSERT_TRUE(store.ok()) << store.error().message();
  EXPECT_EQ(store.value().header().frames, kFrames);
  EXPECT_EQ(store.value().header().key, "k");
  EXPECT_TRUE(store.value().header().has_resting);
  for (const int64_t frame : {6, 0, 3, 11}) {
    for (const FaceKind kind : {FaceKind::kResting, FaceKind::kTarget}) {
      Image got;
      Image expected;
      ASSERT_TRUE(store.value().Read(frame, kind, got).ok());
      ASSERT_TRUE(Paint(frame, kind, expected).ok());
      for (int c = 0; c < 3; ++c) {
        EXPECT_LE(std::abs(got.view().Row(80)[240 + c] - expected.view().Row(80)[240 + c]), 2) << frame;
      }
    }
  }
  std::filesystem::remove(path);
}

TEST(FaceStore, AFailureWhileWritingLeavesNoFile) {
  const Path path = TemporaryFile("unfinished");
  const auto fail = [](int64_t frame, FaceKind kind, Image& picture) -> Status {
    if (frame == 2) return Error(ErrorCode::kIo, "the video ends here");
    return Paint(frame, kind, picture);
  };
  EXPECT_EQ(FaceStore::Write(path, {.size_px = 160, .frames = 3, .has_resting = false, .key = ""}, fail).error().code(),
            ErrorCode::kIo);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(FaceStore, RefusesFilesThatAreCutOrAnotherKind) {
  const Path path = TemporaryFile("whole");
  const Path damaged = TemporaryFile("damaged");
  ASSERT_TRUE(FaceStore::Write(path, {.size_px = 160, .frames = 2, .has_resting = false, .key = ""}, Paint).ok());
  const auto whole = ReadFile(path).value();
  for (size_t cut = 1; cut < whole.size(); cut += whole.size() / 50) {
    ASSERT_TRUE(WriteFileAtomically(damaged, std::span(whole).first(whole.size() - cut)).ok());
    EXPECT_FALSE(FaceStore::Open(damaged).ok()) << cut;
  }
  ASSERT_TRUE(WriteFileAtomically(damaged, "something else").ok());
  EXPECT_EQ(FaceStore::Open(damaged).error().code(), ErrorCode::kCorrupted);
  std::filesystem::remove(path);
  std::filesystem::remove(damaged);
}

}  // namespace
}  // namespace lips
