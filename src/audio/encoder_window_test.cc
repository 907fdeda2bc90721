#include "audio/encoder_window.h"

#include <gtest/gtest.h>

#include <vector>

#include "audio/mel.h"

namespace lips {
namespace {

TEST(FeatureRows, AgreeWithTheFamilysFiles) {
  EXPECT_EQ(FeatureRows(MelColumns(10240)), 15);     // 0.64 s
  EXPECT_EQ(FeatureRows(MelColumns(16000)), 24);     // 1 s
  EXPECT_EQ(FeatureRows(MelColumns(160000)), 249);   // 10 s
  EXPECT_EQ(FeatureRows(MelColumns(334739)), 522);   // 20.92 s
  EXPECT_EQ(FeatureRows(MelColumns(718147)), 1121);  // 44.88 s
}

TEST(EncoderRows, NeedSixteenColumns) {
  EXPECT_EQ(EncoderRows(0), 0);
  EXPECT_EQ(EncoderRows(15), 0);
  EXPECT_EQ(FeatureRows(15), 0);
  EXPECT_EQ(EncoderRows(16), 2);
  EXPECT_EQ(FeatureRows(16), 4);
}

// Python: int((384 - 16) / 80 * 25) + 2 == 116, although 368 / 80 * 25 is 115 exactly.
TEST(EncoderRows, RoundAsTheReferenceDoes) { EXPECT_EQ(EncoderRows(384), 116); }

TEST(EncoderFirstColumn, StepsBySixteenFifthsAndStaysInside) {
  const int64_t columns = 52;
  std::vector<int64_t> starts;
  for (int64_t row = 0; row < EncoderRows(columns); ++row) starts.push_back(EncoderFirstColumn(row, columns));
  EXPECT_EQ(starts, (std::vector<int64_t>{0, 3, 6, 9, 12, 16, 19, 22, 25, 28, 32, 35, 36}));  // the last: not 38
}

// Laws that the streaming front end stands on: only the last window is ever pulled back, and by two columns at most.
TEST(EncoderFirstColumn, OnlyTheLastWindowIsPulledBack) {
  for (int64_t columns = kEncoderSteps; columns < 5000; ++columns) {
    const int64_t rows = EncoderRows(columns);
    EXPECT_LE((rows - 2) * 16 / 5 + kEncoderSteps, columns) << columns;
    EXPECT_LE(rows, EncoderRows(columns + 1)) << columns;
    for (int64_t row = 0; row < rows; ++row) {
      ASSERT_GE(EncoderFirstColumn(row, columns), 0);
      ASSERT_LE(EncoderFirstColumn(row, columns) + kEncoderSteps, columns);
    }
  }
}

TEST(EncoderRowOfFeature, DoublesBothEnds) {
  std::vector<int64_t> rows;
  for (int64_t feature = 0; feature < 6; ++feature) rows.push_back(EncoderRowOfFeature(feature, 4));
  EXPECT_EQ(rows, (std::vector<int64_t>{0, 0, 1, 2, 3, 3}));
}

TEST(FillEncoderInput, TurnsColumnsIntoBandsByTime) {
  std::vector<float> mel(20 * kMelBands);
  for (size_t i = 0; i < mel.size(); ++i) {
    mel[i] = static_cast<float>(1000 * (i / kMelBands) + i % kMelBands);  // 1000 column + band
  }
  std::vector<float> input(kMelBands * kEncoderSteps);
  FillEncoderInput(mel, 4, input);
  EXPECT_EQ(input[0], 4000);
  EXPECT_EQ(input[1], 5000) << "time runs fastest";
  EXPECT_EQ(input[kEncoderSteps], 4001);
  EXPECT_EQ(input.back(), 19079);
}

}  // namespace
}  // namespace lips
