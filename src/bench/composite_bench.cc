#include "bench/composite_bench.h"

#include <array>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/cpu.h"
#include "base/stats.h"
#include "bench/child.h"
#include "composite/compatible.h"
#include "composite/natural.h"
#include "image/colour.h"
#include "image/random_picture.h"
#include "image/resize.h"

namespace lips {
namespace {

constexpr int kWidth = 1280;
constexpr int kHeight = 720;
constexpr int kCrop = 328;
constexpr int kBorder = 4;
constexpr int kRounds = 10;
constexpr int kRunsPerTurn = 24;

// A template's rectangles jitter, so a resize is seldom of the size before it.
constexpr std::array<Rect, 4> kRects = {
    Rect{531, 210, 182, 182}, {533, 211, 179, 179}, {540, 217, 185, 185}, {548, 250, 182, 182}};
constexpr std::array<const char*, 3> kIsaNames = {"scalar", "avx2", "avx512"};  // as enum Isa

double MedianOf(const std::function<void(size_t)>& step) {
  std::vector<double> ms;
  step(0);  // warm-up
  for (size_t i = 0; i < kRunsPerTurn; ++i) {
    const Stopwatch watch;
    step(i);
    ms.push_back(watch.ElapsedMs());
  }
  return Summarise(std::move(ms)).median_ms;
}

}  // namespace

Json CompositeTurn() {
  std::mt19937 rng(1);
  Image bgr = SmoothPicture(rng, kWidth, kHeight);
  const Image crop = SmoothPicture(rng, kCrop, kCrop);
  const Image mouth = SmoothPicture(rng, kCrop - 2 * kBorder, kCrop - 2 * kBorder);
  YuvImage yuv(kWidth, kHeight, {});
  BgrToYuv(bgr.view(), yuv.view());
  CompatibleComposite composite;
  NaturalComposite natural;
  Image small(kRects[0].width, kRects[0].height);
  CubicResizer resizer(kCrop, kCrop, small.width(), small.height());
  Json turn = Json::Object();
  turn.Set("natural, into a 720p frame's planes", MedianOf([&](size_t i) {
             natural.Paste(crop.view(), mouth.view(), kRects[i % kRects.size()], yuv.view());
           }));
  turn.Set("paste into a 720p frame's planes", MedianOf([&](size_t i) {
             composite.Paste(crop.view(), mouth.view(), kRects[i % kRects.size()], yuv.view());
           }));
  turn.Set("paste into a 720p BGR frame", MedianOf([&](size_t i) {
             composite.Paste(crop.view(), mouth.view(), kRects[i % kRects.size()], bgr.view());
           }));
  turn.Set("cubic resize 328 to 182", MedianOf([&](size_t) { resizer.Run(crop.view(), small.view()); }));
  turn.Set("720p planes to BGR", MedianOf([&](size_t) { YuvToBgr(std::as_const(yuv).view(), bgr.view()); }));
  return turn;
}

Result<BenchReport> MeasureComposite(const BenchJob& job) {
  const int rounds = job.RoundsOr(kRounds);
  const int isas = static_cast<int>(ActiveIsa()) + 1;
  std::vector<std::string> steps;
  std::map<std::pair<std::string, int>, std::vector<double>> ms;  // by step and instruction set
  for (int round = 0; round < rounds; ++round) {
    for (int isa = 0; isa < isas; ++isa) {
      const std::string variable = std::string("LIPSTREAM_ISA=") + kIsaNames[static_cast<size_t>(isa)];
      ASSIGN_OR_RETURN(const ChildRun run, RunChild(kThisProgram, {"bench", "composite-turn"}, {variable}));
      ASSIGN_OR_RETURN(const Json turn, ParseJson(run.out));
      for (const auto& [step, value] : turn.members()) {
        if (round == 0 && isa == 0) steps.push_back(step);
        ms[{step, isa}].push_back(value.as_double());
      }
      RETURN_IF_ERROR(job.Report(int64_t{round} * isas + isa + 1, int64_t{rounds} * isas));
    }
  }
  BenchReport report;
  for (const std::string& step : steps) {
    const double scalar_ms = Summarise(ms[{step, 0}]).median_ms;
    for (int isa = 0; isa < isas; ++isa) {
      Json row = Json::Object({{"step", step}, {"isa", kIsaNames[static_cast<size_t>(isa)]}});
      const Summary summary = Summarise(ms[{step, isa}]);
      SetSummary(summary, row);
      row.Set("ratio_to_scalar", Ratio(scalar_ms, summary.median_ms));
      report.results.push_back(std::move(row));
    }
  }
  report.skipped.push_back(Json::Object(
      {{"engine", "opencv"},
       {"precision", "-"},
       {"why", "the product does not link it; './dev bench' measures the same steps with it (bench/composite.cc)"}}));
  return report;
}

}  // namespace lips
