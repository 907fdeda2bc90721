#include "audio/speech_gate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/test_signal.h"

namespace lips {
namespace {

constexpr size_t kSecond = 16000;

double Amplitude(double db) { return std::pow(10, db / 20); }

// White noise of `db` RMS below full scale, or a room's: rumble that falls with frequency, and hum.
std::vector<float> Noise(size_t samples, double db, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, Amplitude(db));
  std::vector<float> out(samples);
  for (float& x : out) x = static_cast<float>(normal(random));
  return out;
}
std::vector<float> Room(size_t samples, double db, uint32_t seed) {
  std::vector<float> out = Noise(samples, db, seed);
  double low = 0;
  for (size_t n = 0; n < samples; ++n) {
    low = 0.97 * low + 0.25 * static_cast<double>(out[n]);
    out[n] = static_cast<float>(low + 0.3 * static_cast<double>(out[n]) +
                                Amplitude(db) * std::sin(2 * M_PI * 100 * static_cast<double>(n) / 16000));
  }
  return out;
}

// Syllables of a pulse train through two resonances, or whispered: noise through them. 200 ms on, 60 ms off.
std::vector<float> Talk(size_t samples, double db, bool whispered, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> made(samples);
  double a1 = 0, a2 = 0, b1 = 0, b2 = 0, squares = 0;
  for (size_t n = 0; n < samples; ++n) {
    const double phase = std::fmod(static_cast<double>(n) / 16000, 0.26) / 0.2;
    const double loud = phase < 1 ? std::sin(M_PI * phase) : 0;
    const double x = loud * (whispered ? normal(random) : (n % 130 == 0 ? 10.0 : 0.0));
    const double a = x + 1.86 * a1 - 0.94 * a2, b = x + 1.5 * b1 - 0.94 * b2;  // about 600 and 1800 Hz
    a2 = a1, a1 = a, b2 = b1, b1 = b;
    made[n] = a + 0.6 * b;
    squares += made[n] * made[n];
  }
  const double scale = Amplitude(db) / std::sqrt(squares / static_cast<double>(samples));
  std::vector<float> out(samples);
  std::ranges::transform(made, out.begin(), [&](double x) { return static_cast<float>(scale * x); });
  return out;
}

std::vector<float> Silence(size_t samples) { return std::vector<float>(samples); }

std::vector<float> Join(std::vector<std::vector<float>> parts) {
  std::vector<float> out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::vector<float> Mix(std::vector<float> a, const std::vector<float>& b) {
  for (size_t n = 0; n < a.size(); ++n) a[n] += b[n];
  return a;
}

// Gates of the rows whose frames lie in [from, to) seconds.
std::vector<float> Between(const std::vector<float>& gates, double from, double to) {
  const auto row = [&](double s) {
    return gates.begin() + std::min(static_cast<ptrdiff_t>(s * 25), static_cast<ptrdiff_t>(gates.size()));
  };
  return {row(from), row(to)};
}
float Most(const std::vector<float>& gates) { return *std::ranges::max_element(gates); }
float Least(const std::vector<float>& gates) { return *std::ranges::min_element(gates); }

TEST(SpeechGate, AnyChunkingGivesTheOfflineBitsAndOneGatePerFeatureRow) {
  EXPECT_TRUE(rc::check([] {
    const auto length = *rc::gen::inRange<size_t>(3000, 60000);
    const std::vector<float> signal = RandomSignal(length, *rc::gen::arbitrary<uint32_t>());
    std::vector<float> gates;
    SpeechGate gate;
    for (const auto chunk : RandomChunks(signal, *rc::gen::arbitrary<uint32_t>())) gate.Push(chunk, gates);
    gate.Finish(gates);
    RC_ASSERT(SameBits(gates, SpeechGates(signal)));
    RC_ASSERT(static_cast<int64_t>(gates.size()) == FeatureRows(MelColumns(static_cast<int64_t>(length))));
  }));
}

// A row's gate never changes its mind: it is the same whatever comes after the sample it came with.
TEST(SpeechGate, DependsOnNothingLaterThanTheRowItself) {
  const std::vector<float> past = Talk(kSecond, -30, false, 1);
  std::vector<float> soon, later;
  SpeechGate gate, other;
  gate.Push(past, soon);
  other.Push(Join({past, Noise(kSecond, -10, 2)}), later);
  ASSERT_GT(soon.size(), 19u);
  later.resize(soon.size());
  EXPECT_TRUE(SameBits(soon, later));
}

TEST(SpeechGate, StaysShutInDigitalSilence) { EXPECT_EQ(Most(SpeechGates(Silence(3 * kSecond))), 0.0F); }

TEST(SpeechGate, StaysShutInQuietRooms) {
  for (const double db : {-80.0, -70.0, -60.0, -55.0}) {
    EXPECT_EQ(Most(SpeechGates(Noise(6 * kSecond, db, 3))), 0.0F) << "white noise of " << db << " dB";
    EXPECT_EQ(Most(SpeechGates(Room(6 * kSecond, db + 6, 4))), 0.0F) << "a room of " << db + 6 << " dB";
  }
}

TEST(SpeechGate, IsOpenWhileSomebodySpeaks) {
  for (const bool whispered : {false, true}) {
    for (const double db : {-15.0, -30.0, -45.0}) {
      const auto gates = SpeechGates(Join({Silence(kSecond), Talk(2 * kSecond, db, whispered, 5), Silence(kSecond)}));
      EXPECT_EQ(Most(Between(gates, 0, 0.72)), 0.0F) << "a row hears no further than 172 ms ahead";
      EXPECT_EQ(Least(Between(gates, 1.08, 2.92)), 1.0F) << db << " dB, whispered: " << whispered;
      EXPECT_EQ(Most(Between(gates, 3.4, 4)), 0.0F) << db;
    }
  }
}

TEST(SpeechGate, OpensToAWhisperedWordInAQuietRoom) {
  const std::vector<float> whisper =
      Join({Silence(2 * kSecond), Talk(kSecond / 2, -48, true, 6), Silence(2 * kSecond)});
  const auto gates = SpeechGates(Mix(Noise(whisper.size(), -68, 7), whisper));
  EXPECT_EQ(Most(Between(gates, 0, 1.7)), 0.0F);
  EXPECT_EQ(Least(Between(gates, 2.1, 2.4)), 1.0F);
  EXPECT_EQ(Most(Between(gates, 3.1, 4.5)), 0.0F);
}

TEST(SpeechGate, OpensToVeryQuietSpeechWithoutNoise) {
  const auto gates = SpeechGates(Join({Silence(kSecond), Talk(2 * kSecond, -55, false, 8)}));
  EXPECT_EQ(Least(Between(gates, 1.2, 2.9)), 1.0F);
}

TEST(SpeechGate, OpensToSpeechThatIsThereFromTheFirstSample) {
  for (const double db : {-20.0, -45.0}) {
    const auto gates = SpeechGates(Talk(2 * kSecond, db, false, 9));
    EXPECT_EQ(Least(Between(gates, 0.2, 1.9)), 1.0F) << db;
  }
}

TEST(SpeechGate, IgnoresClicks) {
  std::vector<float> signal = Noise(4 * kSecond, -70, 10);
  for (size_t n = kSecond; n < signal.size(); n += kSecond / 2) {
    for (size_t k = 0; k < 80; ++k)
      signal[n + k] += (k % 2 == 0 ? 0.7F : -0.7F) * std::exp(-static_cast<float>(k) / 20);
  }
  EXPECT_EQ(Most(SpeechGates(signal)), 0.0F);
}

TEST(SpeechGate, StaysOpenInAConsonantsClosureAndShutsInAPause) {
  const auto speak = [](double pause_s) {
    const auto pause = static_cast<size_t>(pause_s * kSecond);
    return SpeechGates(Join({Talk(kSecond + 3200, -25, false, 11), Silence(pause), Talk(kSecond, -25, false, 11)}));
  };
  EXPECT_EQ(Least(Between(speak(0.12), 0.2, 1.9)), 1.0F);
  const auto gates = speak(1.0);
  EXPECT_EQ(Most(Between(gates, 1.6, 1.96)), 0.0F);
  EXPECT_EQ(Least(Between(gates, 2.28, 3.0)), 1.0F);
}

// No step of more than a half, and once begun an easing goes one way.
TEST(SpeechGate, EasesOpenAndShut) {
  const auto gates = SpeechGates(Join({Silence(kSecond), Talk(kSecond, -25, false, 12), Silence(kSecond)}));
  const auto top = std::ranges::max_element(gates);
  EXPECT_TRUE(std::is_sorted(gates.begin(), top));
  EXPECT_TRUE(std::is_sorted(gates.rbegin(), std::make_reverse_iterator(std::ranges::find(gates, 1.0F))));
  for (size_t k = 1; k < gates.size(); ++k) EXPECT_LE(std::abs(gates[k] - gates[k - 1]), 0.5F) << k;
}

TEST(SpeechGate, GetsUsedToNoiseThatBegins) {
  const auto gates = SpeechGates(Join({Silence(2 * kSecond), Noise(6 * kSecond, -60, 13)}));
  EXPECT_EQ(Most(Between(gates, 4.5, 8)), 0.0F);
}

TEST(SpeechGate, TakesNumbersThatAreNoneForSilence) {
  std::vector<float> signal = Silence(kSecond);
  signal[5000] = std::numeric_limits<float>::quiet_NaN();
  signal[6000] = std::numeric_limits<float>::infinity();
  const auto gates = SpeechGates(Join({signal, Talk(kSecond, -30, false, 14)}));
  EXPECT_EQ(Most(Between(gates, 0, 0.7)), 0.0F);
  EXPECT_EQ(Least(Between(gates, 1.1, 1.9)), 1.0F);
}

TEST(AllSilent, AsksTheRowsThereAreAndNoOthers) {
  const std::vector<float> gates = {0, 0, 1, 0, 0.2F};  // of rows 10 to 14
  EXPECT_TRUE(AllSilent(gates, 10, 10, 12));
  EXPECT_FALSE(AllSilent(gates, 10, 10, 13));
  EXPECT_TRUE(AllSilent(gates, 10, 13, 14));
  EXPECT_FALSE(AllSilent(gates, 10, 13, 99)) << "nearly silent is not silent";
  EXPECT_TRUE(AllSilent(gates, 10, -5, 12));
  EXPECT_TRUE(AllSilent(gates, 10, 20, 30));
  EXPECT_TRUE(AllSilent({}, 0, 0, 5));
}

}  // namespace
}  // namespace lips
