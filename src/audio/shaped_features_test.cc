#include "audio/shaped_features.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "audio/mel.h"
#include "audio/speech_gate.h"
#include "audio/test_signal.h"
#include "audio/window.h"

namespace lips {
namespace {

constexpr int kRowFloats = 3;

// A row that tells of its window: always >= 0, and 1, 0, 2 for digital silence.
Status EncodeSums(std::span<const float> inputs, int64_t count, std::span<float> out) {
  constexpr size_t kInput = size_t{kMelBands} * 16;
  for (size_t k = 0; k < static_cast<size_t>(count); ++k) {
    const auto input = inputs.subspan(k * kInput, kInput);
    const float mean = std::accumulate(input.begin(), input.end(), 0.0F) / static_cast<float>(kInput);
    out[3 * k] = 1;
    out[3 * k + 1] = mean + 4;
    out[3 * k + 2] = std::max(0.0F, 2 - 3 * (mean + 4));
  }
  return {};
}

std::vector<float> Shaped(std::span<const float> signal, FeatureShape shape) {
  ShapedFeatureStream stream(EncodeSums, kRowFloats, shape);
  std::vector<float> rows;
  EXPECT_TRUE(stream.Push(signal, rows).ok());
  EXPECT_TRUE(stream.Finish(rows).ok());
  return rows;
}

// A second of silence, one of noise that speaks in bursts, one of silence.
std::vector<float> SpeechInSilence() {
  std::vector<float> signal(48000);
  const std::vector<float> loud = RandomSignal(16000, 3);
  std::ranges::copy(loud, signal.begin() + 16000);
  return signal;
}

TEST(ShapedFeatures, AnyChunkingGivesTheOfflineBits) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<float> signal =
        RandomSignal(*rc::gen::inRange<size_t>(3000, 60000), *rc::gen::arbitrary<uint32_t>());
    const FeatureShape shape{.rest_in_silence = *rc::gen::arbitrary<bool>(),
                             .mouth_gain = *rc::gen::element(1.0F, 1.3F)};
    ShapedFeatureStream stream(EncodeSums, kRowFloats, shape);
    std::vector<float> rows;
    for (const auto chunk : RandomChunks(signal, *rc::gen::arbitrary<uint32_t>())) {
      RC_ASSERT(stream.Push(chunk, rows).ok());
    }
    RC_ASSERT(stream.Finish(rows).ok());
    RC_ASSERT(SameBits(rows, Shaped(signal, shape)));
  }));
}

TEST(ShapedFeatures, OfNoShapeAreFeatureStreams) {
  const std::vector<float> signal = RandomSignal(40000, 1);
  EXPECT_TRUE(SameBits(Shaped(signal, {}), ComputeFeatures(signal, EncodeSums, kRowFloats).value()));
}

// Rows keep FeatureStream's moments, sample by sample.
TEST(ShapedFeatures, DelayNothing) {
  const std::vector<float> signal = RandomSignal(9000, 2);
  FeatureStream plain(EncodeSums, kRowFloats);
  ShapedFeatureStream shaped(EncodeSums, kRowFloats, {.rest_in_silence = true, .mouth_gain = 1});
  std::vector<float> a, b;
  for (const float& sample : signal) {
    ASSERT_TRUE(plain.Push({&sample, 1}, a).ok());
    ASSERT_TRUE(shaped.Push({&sample, 1}, b).ok());
    ASSERT_EQ(a.size(), b.size());
  }
}

TEST(ShapedFeatures, AreSilencesWhereTheGateIsShutAndTheirOwnWhereItIsOpen) {
  std::vector<float> signal = SpeechInSilence();
  for (size_t n = 0; n < signal.size(); ++n) signal[n] += (n % 7 < 3 ? 1e-4F : -1e-4F);  // a converter's noise
  const std::vector<float> plain = Shaped(signal, {}),
                           rested = Shaped(signal, {.rest_in_silence = true, .mouth_gain = 1});
  const std::vector<float> gates = SpeechGates(signal), rest = SilentRow(EncodeSums, kRowFloats).value();
  EXPECT_EQ(rest[0], 1.0F);
  int shut = 0, open = 0;
  for (size_t row = 0; row < gates.size(); ++row) {
    const auto got = std::span(rested).subspan(row * kRowFloats, kRowFloats);
    if (gates[row] == 0) {
      EXPECT_TRUE(SameBits(got, rest)) << row;
      ++shut;
    } else if (gates[row] == 1) {
      EXPECT_TRUE(SameBits(got, std::span(plain).subspan(row * kRowFloats, kRowFloats))) << row;
      ++open;
    }
  }
  EXPECT_GE(shut, 30);
  EXPECT_GE(open, 20);
}

TEST(ShapedFeatures, GainScalesTheDifferenceToSilenceAndKeepsRowsPositive) {
  const std::vector<float> signal = RandomSignal(16000, 4);
  const std::vector<float> plain = Shaped(signal, {}),
                           wide = Shaped(signal, {.rest_in_silence = false, .mouth_gain = 2});
  const std::vector<float> rest = SilentRow(EncodeSums, kRowFloats).value();
  for (size_t i = 0; i < plain.size(); ++i) {
    const float silent = rest[i % 3];
    EXPECT_NEAR(wide[i], std::max(0.0F, silent + 2 * (plain[i] - silent)), 1e-5F);
  }
  const std::vector<float> none = Shaped(signal, {.rest_in_silence = false, .mouth_gain = 0});
  for (size_t i = 0; i < none.size(); ++i) EXPECT_EQ(none[i], rest[i % 3]);
}

std::vector<float> Window(std::initializer_list<float> first_rows) {
  std::vector<float> window(kWindowRows, 0.0F);
  std::ranges::copy(first_rows, window.begin());
  return window;
}

TEST(SmoothWindow, MixesNeighboursAndLeavesWhatLiesBeyondTheTrack) {
  std::vector<float> window = Window({9, 9, 1, 5, 1});
  SmoothWindow(window, 1, 2, 5, 0.25F);
  EXPECT_EQ(window, Window({9, 9, 2, 3, 2}));
}

TEST(SmoothWindow, CommutesWithTimeReversal) {
  std::vector<float> window(size_t{kWindowRows} * 2);
  for (size_t i = 0; i < window.size(); ++i) window[i] = static_cast<float>(i * i % 29);
  const auto reversed = [](const std::vector<float>& rows) {
    std::vector<float> out;
    for (size_t k = kWindowRows; k-- > 0;) out.insert(out.end(), {rows[2 * k], rows[2 * k + 1]});
    return out;
  };
  std::vector<float> backwards = reversed(window);
  SmoothWindow(window, 2, 0, kWindowRows, 0.2F);
  SmoothWindow(backwards, 2, 0, kWindowRows, 0.2F);
  EXPECT_EQ(reversed(backwards), window);
}

}  // namespace
}  // namespace lips
