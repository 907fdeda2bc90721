#include "audio/resampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "audio/test_signal.h"

namespace lips {
namespace {

std::vector<float> Resample(std::span<const float> interleaved, int rate_hz, int channels = 1) {
  auto resampler = Resampler::Create(rate_hz, channels);
  std::vector<float> out;
  EXPECT_TRUE(resampler.ok());
  EXPECT_TRUE(resampler.value().Push(interleaved, out).ok());
  EXPECT_TRUE(resampler.value().Finish(out).ok());
  return out;
}

// A tone that glides from 50 Hz to `highest_hz` in one second, sampled at `rate_hz`.
std::vector<float> Sweep(int rate_hz, double highest_hz) {
  std::vector<float> samples(static_cast<size_t>(rate_hz));
  for (size_t n = 0; n < samples.size(); ++n) {
    const double t = static_cast<double>(n) / rate_hz;
    samples[n] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * (50 * t + (highest_hz - 50) * t * t / 2)));
  }
  return samples;
}

double Power(std::span<const float> samples) {
  double sum = 0;
  for (const float sample : samples) sum += double{sample} * double{sample};
  return sum / static_cast<double>(samples.size());
}

// Of the middle 80 %, where the filter does not hear the abrupt ends.
double SignalToNoiseDb(std::span<const float> got, std::span<const float> expected) {
  const size_t edge = expected.size() / 10;
  double noise = 0;
  double signal = 0;
  for (size_t n = edge; n < expected.size() - edge; ++n) {
    const double error = double{got[n]} - double{expected[n]};
    noise += error * error;
    signal += double{expected[n]} * double{expected[n]};
  }
  return 10 * std::log10(signal / noise);
}

const std::vector<int> kRates = {8000, 11025, 16000, 22050, 24000, 44100, 44101, 48000, 96000};

TEST(Resampler, AnyChunkingGivesTheSameBits) {
  EXPECT_TRUE(rc::check([] {
    const int rate_hz = *rc::gen::elementOf(kRates);
    const int channels = *rc::gen::inRange(1, 4);
    const auto frames = *rc::gen::inRange<size_t>(0, 6000);
    const auto unit = static_cast<size_t>(channels);
    const std::vector<float> signal = RandomSignal(frames * unit, *rc::gen::arbitrary<uint32_t>());
    auto resampler = Resampler::Create(rate_hz, channels);
    std::vector<float> out;
    for (const auto chunk : RandomChunks(signal, *rc::gen::arbitrary<uint32_t>(), unit)) {
      RC_ASSERT(resampler.value().Push(chunk, out).ok());
    }
    RC_ASSERT(resampler.value().Finish(out).ok());
    RC_ASSERT(SameBits(out, Resample(signal, rate_hz, channels)));
    const auto rate = static_cast<size_t>(rate_hz);
    RC_ASSERT(out.size() == (frames * 16000 + rate - 1) / rate);
  }));
}

TEST(Resampler, LeavesSixteenKilohertzUntouched) {
  const std::vector<float> signal = RandomSignal(5000, 1);
  EXPECT_TRUE(SameBits(Resample(signal, 16000), signal));
}

TEST(Resampler, MixesByTheArithmeticMeanOfAllChannels) {
  const std::vector<float> six = {6, 0, 0, 0, 0, 0, /**/ 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Resample(six, 16000, 6), (std::vector<float>{1, 3.5}));
  // ... at other rates too: left and right that cancel leave silence, and equal ones are the mono signal.
  const std::vector<float> mono = RandomSignal(3000, 2);
  std::vector<float> same;
  std::vector<float> opposite;
  for (const float sample : mono) {
    same.insert(same.end(), {sample, sample});
    opposite.insert(opposite.end(), {sample, -sample});
  }
  EXPECT_TRUE(SameBits(Resample(same, 44100, 2), Resample(mono, 44100)));
  EXPECT_EQ(Power(Resample(opposite, 44100, 2)), 0.0);
}

TEST(Resampler, AnImpulseStaysAtItsTime) {
  for (const int rate_hz : kRates) {
    for (const size_t at_hundredths : {size_t{0}, size_t{37}, size_t{99}}) {
      if (rate_hz % 100 != 0 && at_hundredths != 0) continue;
      const size_t at = at_hundredths * static_cast<size_t>(rate_hz) / 100;
      const size_t expected = at_hundredths * 160;
      std::vector<float> signal(static_cast<size_t>(rate_hz));
      signal[at] = 1;
      const std::vector<float> out = Resample(signal, rate_hz);
      EXPECT_EQ(std::ranges::max_element(out) - out.begin(), static_cast<ptrdiff_t>(expected)) << rate_hz;
      for (size_t k = 1; k <= std::min<size_t>(expected, 50) && expected + k < out.size(); ++k) {
        EXPECT_NEAR(out[expected - k], out[expected + k], 1e-6) << "symmetric: no fraction of a sample late either";
      }
    }
  }
}

TEST(Resampler, KeepsASweepClean) {
  for (const int rate_hz : kRates) {
    const double highest_hz = std::min(7600.0, 0.47 * rate_hz);
    const double snr_db = SignalToNoiseDb(Resample(Sweep(rate_hz, highest_hz), rate_hz), Sweep(16000, highest_hz));
    RecordProperty("snr_db_" + std::to_string(rate_hz), std::to_string(snr_db));
    EXPECT_GE(snr_db, 90) << rate_hz;
  }
}

TEST(Resampler, RemovesWhatSixteenKilohertzCannotHold) {
  for (const int rate_hz : {24000, 44100, 48000}) {
    for (const double hz : {8500.0, 10000.0, 11900.0}) {
      std::vector<float> tone(static_cast<size_t>(rate_hz));
      for (size_t n = 0; n < tone.size(); ++n) {
        tone[n] = static_cast<float>(std::sin(2 * std::numbers::pi * hz * static_cast<double>(n) / rate_hz));
      }
      const std::vector<float> out = Resample(tone, rate_hz);
      const double left_db = 10 * std::log10(Power(std::span(out).subspan(2000, 12000)) / 0.5);
      RecordProperty("left_db_" + std::to_string(rate_hz) + "_" + std::to_string(static_cast<int>(hz)),
                     std::to_string(left_db));
      EXPECT_LE(left_db, -90) << hz << " Hz at " << rate_hz;
    }
  }
}

TEST(Resampler, ReplacesNanAndInfinityByZero) {
  const std::vector<float> strange = {std::nanf(""), 1, std::numeric_limits<float>::infinity(), -1};
  EXPECT_EQ(Resample(strange, 16000), (std::vector<float>{0, 1, 0, -1}));
  std::vector<float> huge(1000, std::numeric_limits<float>::max());
  huge[500] = -std::numeric_limits<float>::infinity();
  for (const float sample : Resample(huge, 48000)) EXPECT_TRUE(std::isfinite(sample));
}

TEST(Resampler, ShortestSignalsHaveTheirExactLength) {
  for (const int rate_hz : {1000, 8000, 44100, 44101, 48000, 768000, 767999}) {
    EXPECT_EQ(Resample({}, rate_hz).size(), 0u);
    const float one = 1;
    const auto expected = static_cast<size_t>((16000 + rate_hz - 1) / rate_hz);
    EXPECT_EQ(Resample({&one, 1}, rate_hz).size(), expected) << rate_hz;
  }
}

TEST(Resampler, RefusesRatesAndChannelsOutsideItsLimits) {
  EXPECT_EQ(Resampler::Create(999, 1).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(Resampler::Create(768001, 1).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(Resampler::Create(16000, 0).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(Resampler::Create(16000, 65).error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(Resampler::Create(768000, 64).ok());
  auto stereo = Resampler::Create(16000, 2);
  std::vector<float> out;
  EXPECT_THAT(stereo.value().Push(std::vector<float>(3), out).error().message(), testing::HasSubstr("2-channel"));
}

}  // namespace
}  // namespace lips
