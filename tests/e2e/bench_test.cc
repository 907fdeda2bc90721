// lipstream bench: the shape of its reports, and that ratios are relative to what they say. Never how fast anything is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "bench/network_bench.h"
#include "command.h"
#include "engine/cuda/generator.h"
#include "engine/session.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Anna() { return testdata::SyntheticAvatar().string(); }

std::vector<std::string> KeysOf(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.members()) keys.push_back(key);
  return keys;
}

Json ParseReport(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  auto json = ParseJson(outcome.out);
  EXPECT_TRUE(json.ok()) << outcome.out;
  if (!json.ok()) return {};
  EXPECT_THAT(KeysOf(json.value()), ElementsAreArray({"machine", "results", "skipped"}));
  return std::move(json).value();
}

// The rows whose `key` is `value`.
Json::Array RowsWhere(const Json& report, const char* key, const std::string& value) {
  Json::Array rows;
  for (const Json& row : report.Find("results")->array()) {
    if (row.Find(key)->as_string() == value) rows.push_back(row);
  }
  return rows;
}

void ExpectTimesInOrder(const Json& row) {
  EXPECT_GT(row.Find("min_ms")->as_double(), 0) << row.Dump();
  EXPECT_LE(row.Find("min_ms")->as_double(), row.Find("median_ms")->as_double()) << row.Dump();
  EXPECT_LE(row.Find("median_ms")->as_double(), row.Find("p95_ms")->as_double()) << row.Dump();
}

TEST(BenchNetwork, JsonHasTheDocumentedShape) {
  if (!OnnxRuntimeVersion().ok()) GTEST_SKIP() << OnnxRuntimeVersion().error().message();
  const ScratchFolder folder;
  const Path file = folder / "network.json";
  const Outcome outcome =
      Lipstream({"bench", "network", "--avatar", Anna(), "--threads", "2", "--rounds", "2", "--batch", "1,3",
                 "--precisions", "f32", "--cache", "0,3", "--json", "-q", "-o", file.string()});
  const Json report = ParseReport(outcome);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(ReadJson(file).Dump(), report.Dump());
  const Json& machine = *report.Find("machine");
  for (const char* key :
       {"cpu", "isa", "cores", "threads", "memory_bytes", "compiler", "flags", "version", "commit", "date", "peaks"}) {
    EXPECT_NE(machine.Find(key), nullptr) << key;
  }
  EXPECT_EQ(machine.Find("peaks")->array().size(), 2u);
  for (const Json& row : report.Find("results")->array()) {
    EXPECT_THAT(KeysOf(row), ElementsAreArray({"engine", "device", "precision", "cache", "mouth_only", "threads",
                                               "batch", "first_ms", "median_ms", "p95_ms", "min_ms", "frames_per_s",
                                               "sessions", "ratio_to_ort", "gflops", "peak_fraction", "psnr_db"}));
    EXPECT_EQ(row.Find("device")->as_string(), "cpu");
    EXPECT_GT(row.Find("first_ms")->as_double(), 0);
    EXPECT_DOUBLE_EQ(row.Find("frames_per_s")->as_double() * row.Find("median_ms")->as_double(), 1000);
    ExpectTimesInOrder(row);
    EXPECT_GT(row.Find("ratio_to_ort")->as_double(), 0);
    EXPECT_GT(row.Find("gflops")->as_double(), 0);
    EXPECT_GT(row.Find("peak_fraction")->as_double(), 0);
    EXPECT_GT(row.Find("psnr_db")->as_double(), 30) << row.Dump();
  }
  for (const Json& skipped : report.Find("skipped")->array()) {
    EXPECT_THAT(KeysOf(skipped), ElementsAreArray({"engine", "precision", "why"}));
    EXPECT_FALSE(skipped.Find("why")->as_string().empty());
  }
  // The whole network and its run-time part, with 1 and 2 threads, 1 and 3 frames a call; one in two is the peer
  // itself.
  const Json::Array ort = RowsWhere(report, "engine", "ort");
  ASSERT_EQ(ort.size(), 8u);
  for (const Json& row : ort) {
    const bool peer = row.Find("cache")->as_int() == 0;
    EXPECT_TRUE(!peer || row.Find("ratio_to_ort")->as_double() == 1.0) << row.Dump();
  }
}

TEST(BenchNetwork, RatiosAreToOnnxRuntimeWithTheWholeNetwork) {
  if (!OnnxRuntimeVersion().ok()) GTEST_SKIP() << OnnxRuntimeVersion().error().message();
  const Json report = ParseReport(Lipstream({"bench", "network", "--avatar", Anna(), "--threads", "1", "--rounds", "1",
                                             "--batch", "1", "--engines", "reference", "--json", "-q"}));
  const Json::Array ort = RowsWhere(report, "engine", "ort");  // measured though not asked for
  const Json::Array reference = RowsWhere(report, "engine", "reference");
  ASSERT_EQ(ort.size(), 1u);
  ASSERT_EQ(reference.size(), 1u);
  EXPECT_EQ(ort[0].Find("cache")->as_int(), 0);
  EXPECT_EQ(ort[0].Find("ratio_to_ort")->as_double(), 1.0);
  EXPECT_DOUBLE_EQ(reference[0].Find("ratio_to_ort")->as_double(),
                   ort[0].Find("median_ms")->as_double() / reference[0].Find("median_ms")->as_double());
  EXPECT_EQ(reference[0].Find("psnr_db")->as_double(), 120);  // what all are compared with
}

// One frame on our own engine, with a variable of the environment set.
Outcome OurEngineUnder(const std::string& variable) {
  std::vector<std::string> words = {variable, LIPSTREAM_BINARY, "bench", "network", "--avatar", Anna()};
  for (const char* word : {"--engines", "cpu", "--precisions", "f32", "--rounds", "1", "--batch", "1", "--threads", "1",
                           "--cache", "0", "--json", "-q"}) {
    words.emplace_back(word);
  }
  return RunProgram("/usr/bin/env", words);
}

// An engine that was asked for alone and cannot run is an error; among others it is a line that says why.
TEST(BenchNetwork, AnEngineThatCannotRunIsNamedWithTheReason) {
  const Outcome alone = OurEngineUnder("LIPSTREAM_ISA=scalar");
  if (alone.exit_code == 0) {
    const Json report = ParseReport(alone);
    EXPECT_FALSE(RowsWhere(report, "engine", "cpu").empty());
    return;
  }
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_THAT(alone.err, StartsWith("error: "));
  EXPECT_EQ(std::ranges::count(alone.err, '\n'), 1) << alone.err;
}

TEST(BenchNetwork, AnInstructionSetThatIsNoneIsSaidOnce) {
  const Outcome made = OurEngineUnder("LIPSTREAM_ISA=sse9");
  EXPECT_EQ(made.exit_code, 0);
  EXPECT_THAT(made.err, HasSubstr("found=sse9 why=\"expected scalar, avx2 or avx512\""));
  EXPECT_EQ(std::ranges::count(made.err, '\n'), 1) << made.err;
}

TEST(BenchNetwork, PrintsATableUnderTheMachineLine) {
  if (!OnnxRuntimeVersion().ok()) GTEST_SKIP() << OnnxRuntimeVersion().error().message();
  const Outcome text = Lipstream({"bench", "network", "--avatar", Anna(), "--rounds", "1", "--batch", "1", "--engines",
                                  "ort", "-q", "--threads", "1"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out.substr(0, text.out.find('\n')), HasSubstr("lipstream 0."));
  EXPECT_THAT(text.out, HasSubstr("\n\nengine "));
  EXPECT_THAT(text.out, HasSubstr("\nort "));
}

TEST(BenchNetwork, MistakesGetOneSentence) {
  for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{{"--engines", "warp"},
                                                                                    {"--engines", "null"},
                                                                                    {"--precisions", "f64"},
                                                                                    {"--device", "npu"},
                                                                                    {"--cache", "4"},
                                                                                    {"--batch", "0"},
                                                                                    {"--rounds", "-1"}}) {
    const Outcome outcome = Lipstream({"bench", "network", "--avatar", Anna(), flag, value});
    EXPECT_EQ(outcome.exit_code, 2) << flag << ' ' << value;
    EXPECT_THAT(outcome.err, HasSubstr(flag));
  }
  const Outcome missing = Lipstream({"bench", "network", "--avatar", "/nonexistent", "-q"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent"));
  EXPECT_EQ(Lipstream({"bench"}).exit_code, 2);
}

TEST(BenchNetwork, ADeviceThatIsNotHereIsOneSentence) {
  for (const std::string device : {"cuda", "tensorrt"}) {
    if (ProviderDevice(device == "cuda" ? Provider::kCuda : Provider::kTensorRt).ok()) continue;
    const Outcome outcome = Lipstream({"bench", "network", "--avatar", Anna(), "--device", device, "-q"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
}

// Asked for alone it is an error, on whatever device its peer would be; among others it is a line.
TEST(BenchNetwork, EngineCudaWithoutADeviceSaysWhatIsMissing) {
  const auto here = CudaDevice();
  if (here.ok()) GTEST_SKIP() << "this machine has " << here.value();
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"network"}, {"network", "--device", "cuda"}, {"start"}, {"audio"}}) {
    std::vector<std::string> words = {"bench"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--avatar", Anna(), "--engines", "cuda", "--rounds", "1", "-q"});
    const Outcome outcome = Lipstream(words);
    EXPECT_EQ(outcome.exit_code, 1) << more.front();
    EXPECT_THAT(outcome.err, StartsWith("error: "));
    EXPECT_THAT(outcome.err, HasSubstr(here.error().message()));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
  const Json report = ParseReport(
      Lipstream({"bench", "start", "--avatar", Anna(), "--engines", "null,cuda", "--rounds", "1", "--json", "-q"}));
  EXPECT_EQ(report.Find("skipped")->array()[0].Find("engine")->as_string(), "cuda");
  EXPECT_EQ(report.Find("skipped")->array()[0].Find("precision")->as_string(), "f16");
}

// On the CPU, in memory of its own, since tests have no device.
TEST(BenchNetwork, MeasuresADeviceInBothPrecisionsWholeAndCached) {
  if (!OnnxRuntimeVersion().ok()) GTEST_SKIP() << OnnxRuntimeVersion().error().message();
  NetworkBenchRequest request;
  request.avatar = Anna();
  request.engines = {Backend::kOnnxRuntime};
  request.resident = true;
  request.precisions = {Precision::kF32, Precision::kF16};
  request.batches = {1, 4};
  request.rounds = 2;
  request.device_peaks = {{.precision = Precision::kF16, .matrix_gflops = 1e4}};
  const auto report = MeasureNetwork(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  std::vector<std::string> rows;
  for (const Json& row : report.value().results) {
    ExpectTimesInOrder(row);
    EXPECT_GT(row.Find("psnr_db")->as_double(), 40) << row.Dump();
    EXPECT_EQ(row.Find("sessions")->as_int(), static_cast<int64_t>(row.Find("frames_per_s")->as_double() / 25));
    EXPECT_EQ(row.Find("peak_fraction")->is_null(), row.Find("precision")->as_string() == "f32");
    rows.push_back(row.Find("precision")->as_string() + " " + std::to_string(row.Find("cache")->as_int()) + " " +
                   std::to_string(row.Find("batch")->as_int()));
  }
  EXPECT_THAT(
      rows, ElementsAreArray({"f16 0 1", "f16 0 4", "f32 0 1", "f32 0 4", "f32 2 1", "f32 2 4", "f16 2 1", "f16 2 4"}));
  EXPECT_EQ(report.value().results[0].Find("ratio_to_ort")->as_double(), 1.0);
  EXPECT_TRUE(report.value().skipped.empty());
}

TEST(BenchNetwork, ADeviceTakesWhatItCanMeasure) {
  for (const auto& [flag, value, expected] : std::vector<std::array<std::string, 3>>{
           {"--engines", "cpu", "--device: cuda measures engines ort and cuda, not cpu"},
           {"--precisions", "f32,int8", "--device: cuda computes in f32 or f16, not int8"}}) {
    const Outcome outcome = Lipstream({"bench", "network", "--avatar", Anna(), "--device", "cuda", flag, value});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, StartsWith("error: " + expected));
  }
}

TEST(BenchAudio, MeasuresMelEncoderAndFeatures) {
  const Json report = ParseReport(Lipstream({"bench", "audio", "--avatar", Anna(), "--engines", "reference", "--rounds",
                                             "1", "--threads", "1", "--json", "-q"}));
  EXPECT_EQ(RowsWhere(report, "stage", "mel").size(), 1u);
  EXPECT_EQ(RowsWhere(report, "stage", "encoder").size(), 2u);  // 1 and 8 rows
  EXPECT_EQ(RowsWhere(report, "stage", "features").size(), 1u);
  for (const Json& row : report.Find("results")->array()) ExpectTimesInOrder(row);
}

TEST(BenchComposite, ComparesEveryInstructionSetWithTheScalarTwin) {
  const Json report = ParseReport(Lipstream({"bench", "composite", "--rounds", "1", "--json", "-q"}));
  const Json::Array scalar = RowsWhere(report, "isa", "scalar");
  EXPECT_EQ(scalar.size(), 5u);  // conversion, resize, three pastes
  for (const Json& row : scalar) EXPECT_EQ(row.Find("ratio_to_scalar")->as_double(), 1.0);
  for (const Json& row : report.Find("results")->array()) ExpectTimesInOrder(row);
  EXPECT_THAT(report.Find("skipped")->Dump(), HasSubstr("./dev bench"));
}

TEST(BenchRender, ReportsEveryStage) {
  const Json report = ParseReport(Lipstream({"bench", "render", "--avatar", Anna(), "--engines", "null", "--duration",
                                             "1", "--threads", "1", "--json", "-q"}));
  ASSERT_EQ(report.Find("results")->array().size(), 1u);
  const Json& row = report.Find("results")->array()[0];
  EXPECT_GT(row.Find("frames")->as_int(), 20);
  for (const char* key : {"wall_s", "fps", "ratio_to_real_time", "first_frame_s", "decode_ms", "generate_ms",
                          "composite_ms", "encode_ms"}) {
    EXPECT_GT(row.Find(key)->as_double(), 0) << key;
  }
}

TEST(BenchStart, TimesAFreshProcessUpToItsFirstFrame) {
  const Json report = ParseReport(Lipstream({"bench", "start", "--avatar", Anna(), "--engines", "null,reference",
                                             "--rounds", "1", "--threads", "1", "--json", "-q"}));
  for (const char* engine : {"null", "reference"}) {
    const Json::Array rows = RowsWhere(report, "engine", engine);
    ASSERT_EQ(rows.size(), 1u) << engine;
    double parts = 0;
    for (const char* part : {"avatar_ms", "engine_ms", "template_ms", "prepare_ms", "generate_ms", "composite_ms"}) {
      parts += rows[0].Find(part)->as_double();
    }
    EXPECT_GT(parts, 0);
    EXPECT_GE(rows[0].Find("median_ms")->as_double(), parts);  // they are parts of it
  }
}

}  // namespace
}  // namespace lips::e2e
