#include "verify/delay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "verify/speech_level.h"

namespace lips {
namespace {

// Syllables: smooth hills of loudness at uneven times.
double Loudness(double t) {
  double sum = 0;
  for (int k = 0; k < 200; ++k) {
    const double at = 0.3 * k + 0.1 * std::sin(7.0 * k) + 0.2;
    const double d = (t - at) / 0.06;
    if (std::abs(d) < 5) sum += (0.6 + 0.4 * std::sin(3.0 * k)) * std::exp(-d * d / 2);
  }
  return sum;
}

// Cells of a mouth that follows the loudness `delay_ms` later, some inversely, some not at all, all with noise.
std::vector<float> Cells(int frames, double fps, double delay_ms, double noise) {
  std::mt19937 random(4);
  std::normal_distribution<double> normal(0, noise);
  std::vector<float> cells;
  for (int n = 0; n < frames; ++n) {
    const double opening = Loudness(n / fps - delay_ms / 1000);
    for (const double gain : {0.0, 1.0, -2.0, 0.5}) {
      cells.push_back(static_cast<float>(100 + 10 * gain * opening + normal(random) + 0.05 * n));
    }
  }
  return cells;
}

TEST(FindDelay, RecoversDelaysWithinAFewMilliseconds) {
  for (const double fps : {25.0, 30000.0 / 1001, 50.0}) {
    for (const double planted : {-200.0, -120.0, -80.0, -40.0, 0.0, 13.0, 40.0, 80.0, 120.0, 200.0}) {
      const Delay delay = FindDelay(Cells(static_cast<int>(10 * fps), fps, planted, 1), 4, fps, Loudness);
      EXPECT_NEAR(delay.ms, planted, 4) << fps;
      EXPECT_GT(delay.correlation, 0.8);
    }
  }
}

TEST(FindDelay, OfAMouthThatFollowsNothingHasNoCorrelation) {
  std::mt19937 random(5);
  std::vector<float> cells(400 * 6);
  for (float& cell : cells) cell = static_cast<float>(random() % 100);
  EXPECT_LT(FindDelay(cells, 6, 25, Loudness).correlation, 0.25);
  EXPECT_EQ(FindDelay(std::vector<float>(400 * 6, 3.0F), 6, 25, Loudness).correlation, 0);
}

TEST(FindDelay, OfTooLittleIsNoNumber) {
  EXPECT_TRUE(std::isnan(FindDelay(Cells(20, 25, 0, 1), 4, 25, Loudness).ms));
  EXPECT_TRUE(std::isnan(FindDelay({}, 4, 25, Loudness).ms));
}

TEST(SpeechLevel, TellsSilenceFromLoudSpeech) {
  std::vector<float> samples(48000);
  for (size_t n = 16000; n < 32000; ++n) samples[n] = 0.3F * std::sin(static_cast<float>(n) * 0.4F);
  const SpeechLevel level(samples);
  EXPECT_EQ(level.blocks(), 600);
  EXPECT_TRUE(level.Silent(0.1, 0.9));
  EXPECT_FALSE(level.Silent(0.1, 1.1));
  EXPECT_TRUE(level.Silent(2.1, 9));
  EXPECT_TRUE(level.Loud(1.2, 1.8));
  EXPECT_FALSE(level.Loud(0.2, 0.8));
  EXPECT_GT(level.Envelope(1.5), 20 * level.Envelope(0.5));
}

}  // namespace
}  // namespace lips
