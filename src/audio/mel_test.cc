#include "audio/mel.h"

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
#include "base/json.h"
#include "tensor/npy.h"

namespace lips {
namespace {

// The definition of spec.md 2.1 word for word, with a DFT by its sum: slow and obvious.
std::vector<double> MelByDefinition(std::span<const float> x) {
  std::vector<double> padded(400, 0.0);
  for (size_t n = 0; n < x.size(); ++n) padded.push_back(double{x[n]} - (n > 0 ? 0.97 * double{x[n - 1]} : 0.0));
  padded.resize(padded.size() + 400, 0.0);
  const std::vector<double> bank = MelFilterBank();
  std::vector<double> mel;
  for (size_t t = 0; t < 1 + x.size() / 200; ++t) {
    std::vector<double> magnitude(401);
    for (size_t k = 0; k <= 400; ++k) {
      double re = 0;
      double im = 0;
      for (size_t n = 0; n < 800; ++n) {
        const double hann = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) / 800);
        const double angle = 2 * std::numbers::pi * static_cast<double>(n * k % 800) / 800;
        re += padded[200 * t + n] * hann * std::cos(angle);
        im -= padded[200 * t + n] * hann * std::sin(angle);
      }
      magnitude[k] = std::hypot(re, im);
    }
    for (size_t band = 0; band < 80; ++band) {
      double sum = 0;
      for (size_t k = 0; k <= 400; ++k) sum += bank[band * 401 + k] * magnitude[k];
      const double db = 20 * std::log10(std::max(1e-5, sum)) - 20;
      mel.push_back(std::clamp(8 * (db + 100) / 100 - 4, -4.0, 4.0));
    }
  }
  return mel;
}

template <typename A, typename B>
double MaxAbsDifference(const A& a, const B& b) {
  double worst = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return worst;
}

TEST(MelStream, AnyChunkingGivesTheSameBits) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<float> signal = RandomSignal(*rc::gen::inRange<size_t>(0, 4000), *rc::gen::arbitrary<uint32_t>());
    MelStream stream;
    std::vector<float> columns;
    for (const auto chunk : RandomChunks(signal, *rc::gen::arbitrary<uint32_t>())) stream.Push(chunk, columns);
    stream.Finish(columns);
    RC_ASSERT(SameBits(columns, Mel(signal)));
  }));
}

TEST(MelStream, SingleSamplesGiveTheSameBitsAndAFinishedStreamStartsAfresh) {
  const std::vector<float> signal = RandomSignal(3001, 1);
  MelStream stream;
  for (int round = 0; round < 2; ++round) {
    std::vector<float> columns;
    for (const float& sample : signal) stream.Push({&sample, 1}, columns);
    stream.Finish(columns);
    EXPECT_TRUE(SameBits(columns, Mel(signal)));
  }
}

TEST(MelStream, YieldsAColumnWithTheSampleThatCompletesIt) {
  const std::vector<float> signal = RandomSignal(2000, 2);
  MelStream stream;
  std::vector<float> columns;
  for (size_t n = 1; n <= signal.size(); ++n) {
    stream.Push({&signal[n - 1], 1}, columns);
    const size_t complete = n < 400 ? 0 : (n - 400) / 200 + 1;
    ASSERT_EQ(columns.size() / kMelBands, complete) << "after " << n << " samples";
  }
}

TEST(Mel, HasOneColumnPerHopAndOneMore) {
  for (const int64_t samples : {0, 1, 199, 200, 201, 399, 400, 10240}) {
    EXPECT_EQ(Mel(RandomSignal(static_cast<size_t>(samples), 3)).size(), MelColumns(samples) * kMelBands) << samples;
  }
  EXPECT_EQ(MelColumns(0), 0);
  EXPECT_EQ(MelColumns(199), 1);
  EXPECT_EQ(MelColumns(200), 2);
}

TEST(Mel, EqualsItsDefinition) {
  const std::vector<float> signal = RandomSignal(1234, 4);
  EXPECT_LE(MaxAbsDifference(Mel(signal), MelByDefinition(signal)), 3e-7);  // float holds |x| <= 4 to 2.4e-7
}

TEST(Mel, SilenceIsTheFloorAndNothingLeavesTheRange) {
  for (const float value : Mel(std::vector<float>(1000, 0.0f))) EXPECT_EQ(value, -4.0f);
  for (const float strange : {1e38f, -1e38f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    std::vector<float> signal = RandomSignal(2000, 5);
    signal[777] = strange;
    for (const float value : Mel(signal)) {
      EXPECT_GE(value, -4.0f);
      EXPECT_LE(value, 4.0f);
    }
  }
}

TEST(MelFilterBank, IsEightyTrianglesOfUnitArea) {
  const std::vector<double> bank = MelFilterBank();
  ASSERT_EQ(bank.size(), 80u * 401u);
  for (size_t band = 0; band < 80; ++band) {
    const auto row = std::span(bank).subspan(band * 401, 401);
    EXPECT_GE(std::ranges::min(row), 0.0);
    EXPECT_EQ(row[2], 0.0) << "40 Hz lies below the bank";
    EXPECT_EQ(row[380], 0.0) << "7600 Hz is its upper end";
    double area = 0;
    for (const double weight : row) area += weight * 20;  // Hz per bin
    // Narrow triangles hold one or two bins, so their sampled area strays; wide ones come close.
    EXPECT_NEAR(area, 1.0, band < 40 ? 0.35 : 0.02) << band;
  }
}

class MelReference : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("LIPSTREAM_TEST_DATA");
    if (data == nullptr || !std::filesystem::exists(Path(data) / "mel/tones.npy")) {
      GTEST_SKIP() << "LIPSTREAM_TEST_DATA names no folder with mel/tones.npy";
    }
    folder_ = Path(data) / "mel";
  }
  Path folder_;
};

TEST_F(MelReference, ColumnsAgreeTo1e5) {
  const auto tones = ReadNpy(folder_ / "tones.npy");
  const auto expected = ReadNpy(folder_ / "tones_mel.npy");
  ASSERT_TRUE(tones.ok() && expected.ok());
  const double worst = MaxAbsDifference(Mel(tones.value().As<float>()), expected.value().As<double>());
  RecordProperty("max_abs", std::to_string(worst * 1e9) + "e-9");
  EXPECT_LE(worst, 1e-5);
}

TEST_F(MelReference, FilterBankAgreesToFloatPrecision) {
  const auto text = ReadTextFile(folder_ / "mel_filters.json");
  ASSERT_TRUE(text.ok());
  const auto json = ParseJson(text.value());
  ASSERT_TRUE(json.ok()) << json.error().message();
  std::vector<double> expected;
  for (const Json& row : json.value().Find("filters")->array()) {
    for (const Json& weight : row.array()) expected.push_back(weight.as_double());
  }
  const double worst = MaxAbsDifference(MelFilterBank(), expected);
  RecordProperty("max_abs", std::to_string(worst * 1e12) + "e-12");
  EXPECT_LE(worst, 2e-9);  // its weights, up to 0.03, went through single precision
}

}  // namespace
}  // namespace lips
