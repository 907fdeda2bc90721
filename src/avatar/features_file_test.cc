#include "avatar/features_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "tensor/npy.h"

namespace lips {
namespace {

class FeaturesFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = Path(testing::TempDir()) / ("features_" + std::to_string(::getpid()) + "_" +
                                          testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path WriteRaw(const std::vector<float>& values, size_t cut_bytes = 0) const {
    std::vector<uint8_t> bytes(values.size() * sizeof(float));
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    bytes.resize(bytes.size() - cut_bytes);
    EXPECT_TRUE(WriteFileAtomically(folder_ / "f.bin", bytes).ok());
    return folder_ / "f.bin";
  }
  Path WriteArray(Dims dims, const std::vector<float>& values) const {
    EXPECT_TRUE(WriteNpy(folder_ / "f.npy", TensorView(std::move(dims), values)).ok());
    return folder_ / "f.npy";
  }
  Path folder_;
};

std::vector<float> Ramp(int count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) values[static_cast<size_t>(i)] = static_cast<float>(i) / 4;
  return values;
}

TEST_F(FeaturesFile, RawAndArrayHoldTheSameRows) {
  const auto raw = ReadFeatures(WriteRaw(Ramp(24)), 8);
  const auto flat = ReadFeatures(WriteArray({3, 8}, Ramp(24)), 8);
  const auto deep = ReadFeatures(WriteArray({3, 2, 4}, Ramp(24)), 8);
  ASSERT_TRUE(raw.ok() && flat.ok() && deep.ok());
  EXPECT_EQ(raw.value().count(), 3);
  EXPECT_EQ(raw.value().rows, Ramp(24));
  EXPECT_EQ(flat.value().rows, raw.value().rows);
  EXPECT_EQ(deep.value().rows, raw.value().rows);
}

TEST_F(FeaturesFile, RefusesRowsOfAnotherLength) {
  EXPECT_FALSE(ReadFeatures(WriteRaw(Ramp(20)), 8).ok());
  EXPECT_FALSE(ReadFeatures(WriteRaw(Ramp(24), 1), 8).ok());
  EXPECT_FALSE(ReadFeatures(WriteRaw({}), 8).ok());
  EXPECT_FALSE(ReadFeatures(WriteArray({3, 4}, Ramp(12)), 8).ok());
  EXPECT_FALSE(ReadFeatures(WriteArray({24}, Ramp(24)), 8).ok());
  EXPECT_FALSE(ReadFeatures(WriteArray({0, 8}, {}), 8).ok());
}

TEST_F(FeaturesFile, NamesTheRowThatIsNoNumber) {
  for (const float bad : {std::nanf(""), INFINITY}) {
    std::vector<float> values = Ramp(24);
    values[17] = bad;
    const auto track = ReadFeatures(WriteRaw(values), 8);
    ASSERT_FALSE(track.ok());
    EXPECT_EQ(track.error().code(), ErrorCode::kCorrupted);
    EXPECT_NE(track.error().message().find("row 2"), std::string::npos) << track.error().message();
  }
}

TEST_F(FeaturesFile, SaysWhichFileIsMissing) {
  const auto track = ReadFeatures(folder_ / "absent.npy", 512);
  ASSERT_FALSE(track.ok());
  EXPECT_EQ(track.error().code(), ErrorCode::kIo);
  EXPECT_NE(track.error().message().find("absent.npy"), std::string::npos);
  EXPECT_FALSE(ReadFeatures(WriteRaw(Ramp(24)), 0).ok());
}

TEST(Sanders, FeaturesAreFiveHundredTwentyTwoRows) {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const Path file = Path(data == nullptr ? "" : data) / "sanders" / "aud_ave.npy";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "needs the test material (LIPSTREAM_TEST_DATA)";
  const auto track = ReadFeatures(file, 512);
  ASSERT_TRUE(track.ok()) << track.error().message();
  EXPECT_EQ(track.value().count(), 522);
}

}  // namespace
}  // namespace lips
