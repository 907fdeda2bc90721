#include "audio/feature_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/test_signal.h"

namespace lips {
namespace {

constexpr int kRowFloats = kMelBands * kEncoderSteps;

// The row is the window itself, so equal rows mean equal windows.
Status EncodeAsIs(std::span<const float> inputs, int64_t count, std::span<float> out) {
  EXPECT_EQ(inputs.size(), static_cast<size_t>(count) * kRowFloats);
  EXPECT_EQ(out.size(), inputs.size());
  std::ranges::copy(inputs, out.begin());
  return {};
}

// spec.md 2.2 from the whole mel at once, without any stream.
std::vector<float> FeaturesByDefinition(std::span<const float> signal) {
  const std::vector<float> mel = Mel(signal);
  const int64_t columns = MelColumns(static_cast<int64_t>(signal.size()));
  std::vector<float> features;
  for (int64_t row = 0; row < FeatureRows(columns); ++row) {
    const int64_t encoder_row = EncoderRowOfFeature(row, EncoderRows(columns));
    std::vector<float> input(kRowFloats);
    FillEncoderInput(mel, EncoderFirstColumn(encoder_row, columns), input);
    features.insert(features.end(), input.begin(), input.end());
  }
  return features;
}

TEST(FeatureStream, AnyChunkingGivesTheOfflineBits) {
  EXPECT_TRUE(rc::check([] {
    // Up to four slices, and lengths around the multiples of a hop, where the last window moves.
    const auto hops = *rc::gen::inRange<size_t>(15, 250);
    const auto extra = *rc::gen::elementOf(std::vector<size_t>{0, 1, 2, 100, 199});
    const std::vector<float> signal = RandomSignal(hops * 200 + extra, *rc::gen::arbitrary<uint32_t>());
    FeatureStream stream(EncodeAsIs, kRowFloats);
    std::vector<float> rows;
    for (const auto chunk : RandomChunks(signal, *rc::gen::arbitrary<uint32_t>()))
      RC_ASSERT(stream.Push(chunk, rows).ok());
    RC_ASSERT(stream.Finish(rows).ok());
    RC_ASSERT(stream.samples() == static_cast<int64_t>(signal.size()));
    RC_ASSERT(SameBits(rows, FeaturesByDefinition(signal)));
  }));
}

TEST(FeatureStream, EveryLengthGivesTheOfflineRows) {
  const std::vector<float> signal = RandomSignal(76800, 7);
  for (size_t length = 3000; length <= signal.size(); length += 200) {  // the end is past T = 384, where rounding bites
    if (length == 10000) length = 76000;
    const auto cut = std::span(signal).first(length);
    const auto features = ComputeFeatures(cut, EncodeAsIs, kRowFloats);
    ASSERT_TRUE(features.ok());
    ASSERT_TRUE(SameBits(features.value(), FeaturesByDefinition(cut))) << length;
  }
}

TEST(FeatureStream, SingleSamplesGiveTheSameBitsAndEachRowComesWithItsLastSample) {
  const std::vector<float> signal = RandomSignal(20000, 8);
  const std::vector<float> expected = FeaturesByDefinition(signal);
  FeatureStream stream(EncodeAsIs, kRowFloats);
  std::vector<float> rows;
  for (size_t n = 1; n <= signal.size(); ++n) {
    ASSERT_TRUE(stream.Push({&signal[n - 1], 1}, rows).ok());
    // Encoder row i is complete with sample 200 floor(16 i / 5) + 3400; feature row i + 1 is that row, row 0 is row 1.
    size_t complete = 0;
    while (200 * (16 * complete / 5) + 3400 <= n) ++complete;
    const size_t decided = complete == 0 ? 0 : complete + 1;
    ASSERT_EQ(rows.size() / kRowFloats, decided) << "after " << n << " samples";
  }
  ASSERT_TRUE(stream.Finish(rows).ok());
  EXPECT_TRUE(SameBits(rows, expected));
}

// ... and that moment is the earliest one: one hop before it, the row still depends on what comes next.
TEST(FeatureStream, NoRowCouldComeAHopEarlier) {
  const std::vector<float> signal = RandomSignal(12000, 9);
  for (const size_t row : {1, 2, 3, 6, 10}) {
    const size_t emitted_at = 200 * (16 * (row - 1) / 5) + 3400;
    std::vector<float> silent_future = signal;
    std::fill(silent_future.begin() + static_cast<ptrdiff_t>(emitted_at - 200), silent_future.end(), 0.0f);
    std::vector<float> loud_future = silent_future;
    for (size_t n = emitted_at - 200; n < loud_future.size(); ++n) loud_future[n] = n % 7 < 3 ? 0.9f : -0.9f;
    const auto row_of = [&](std::span<const float> future) {
      const std::vector<float> features = FeaturesByDefinition(future);
      const auto first = features.begin() + static_cast<ptrdiff_t>(row * kRowFloats);
      return std::vector<float>(first, first + kRowFloats);
    };
    EXPECT_FALSE(SameBits(row_of(silent_future), row_of(loud_future))) << row;
  }
}

TEST(FeatureStream, TooShortASignalIsOneClearSentence) {
  const auto features = ComputeFeatures(std::vector<float>(2999), EncodeAsIs, kRowFloats);
  ASSERT_FALSE(features.ok());
  EXPECT_EQ(features.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(features.error().message(),
            "the audio has 2999 samples at 16 kHz (187.4 ms); at least 3000 (187.5 ms) are needed");
  EXPECT_TRUE(ComputeFeatures(std::vector<float>(3000), EncodeAsIs, kRowFloats).ok());
  EXPECT_FALSE(ComputeFeatures({}, EncodeAsIs, kRowFloats).ok());
}

TEST(FeatureStream, PassesOnTheEncodersErrorAndAppendsNothing) {
  const auto fail = [](std::span<const float>, int64_t, std::span<float>) -> Status {
    return Error(ErrorCode::kResourceLimit, "no memory");
  };
  FeatureStream stream(fail, kRowFloats);
  std::vector<float> rows = {42};
  EXPECT_EQ(stream.Push(std::vector<float>(16000), rows).error().message(), "no memory");
  EXPECT_EQ(rows, std::vector<float>{42});
}

TEST(FeatureStream, EncodesAHugePushInBoundedBatches) {
  int64_t largest = 0;
  const auto encode = [&](std::span<const float>, int64_t count, std::span<float> out) -> Status {
    largest = std::max(largest, count);
    std::ranges::fill(out, 1.0f);
    return {};
  };
  const auto features = ComputeFeatures(std::vector<float>(16000 * 60), encode, 2);
  ASSERT_TRUE(features.ok());
  EXPECT_EQ(features.value().size(), 2u * 1499u);
  EXPECT_LE(largest, 33);
}

}  // namespace
}  // namespace lips
