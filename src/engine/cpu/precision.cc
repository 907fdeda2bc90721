#include "engine/cpu/precision.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/stats.h"
#include "image/mouth_area.h"

namespace lips::cpu {
namespace {

constexpr double kMarginDb = 0.3;  // more than asked for: other frames differ a little

// Mean squares of differences.
struct Errors {
  double picture = 0;
  double mouth = 0;
};

double MeanSquare(std::span<const float> expected, std::span<const float> actual, int size, Rect part) {
  double sum = 0;
  for (int c = 0; c < 3; ++c) {
    for (int y = part.y; y < part.bottom(); ++y) {
      const size_t row =
          (static_cast<size_t>(c) * static_cast<size_t>(size) + static_cast<size_t>(y)) * static_cast<size_t>(size);
      for (int x = part.x; x < part.right(); ++x) {
        const double d = double{expected[row + static_cast<size_t>(x)]} - double{actual[row + static_cast<size_t>(x)]};
        sum += d * d;
      }
    }
  }
  return sum / (3.0 * part.width * part.height);
}

Errors MeanSquares(std::span<const float> expected, std::span<const float> actual, int size) {
  const Rect face = {0, 0, size, size};
  return {MeanSquare(expected, actual, size, face), std::max(MeanSquare(expected, actual, size, MouthOf(face)),
                                                             MeanSquare(expected, actual, size, ChinOf(face)))};
}

// Of the worst picture.
Errors Worst(std::span<const std::vector<float>> expected, std::span<const std::vector<float>> actual, int size) {
  Errors worst;
  for (size_t i = 0; i < actual.size(); ++i) {
    const Errors errors = MeanSquares(expected[i], actual[i], size);
    worst.picture = std::max(worst.picture, errors.picture);
    worst.mouth = std::max(worst.mouth, errors.mouth);
  }
  return worst;
}

double Decibels(double mean_square) { return mean_square > 0 ? -10 * std::log10(mean_square) : 200; }

// Widens ranges by what it sees.
class RangeObserver : public Observer {
 public:
  RangeObserver(const Compiled& program, Calibration& calibration) : program_(program), calibration_(calibration) {}

  void SeeMap(MapId map, const float* rows, int count, int channels) override {
    const std::string& name = program_.map_names[static_cast<size_t>(map)];
    if (!name.empty()) Widen(calibration_.values[name], rows, count, channels);
  }
  void SeeDepth(int key, const float* rows, int count, int channels) override {
    Widen(calibration_.depths[program_.step_names[static_cast<size_t>(key)]], rows, count, channels);
  }
  static void Widen(Range& range, const float* rows, int count, int channels) {
    range.low.resize(static_cast<size_t>(channels));
    range.high.resize(static_cast<size_t>(channels));
    for (int p = 0; p < count; ++p) {
      for (size_t c = 0; c < static_cast<size_t>(channels); ++c, ++rows) {
        range.low[c] = std::min(range.low[c], *rows);
        range.high[c] = std::max(range.high[c], *rows);
      }
    }
  }

 private:
  const Compiled& program_;
  Calibration& calibration_;
};

using Pictures = std::vector<std::vector<float>>;

// Runs the network in the modes of `options` and compares.
class Judge {
 public:
  Judge(const CutNetwork& network, std::span<const Sample> samples) : network_(network), samples_(samples) {}

  Status Calibrate(Calibration& calibration) {
    ASSIGN_OR_RETURN(const ProgramPair pair, ProgramPair::Make(network_, {.mode = Mode::kF32}, Port::kPlanes));
    RangeObserver head(pair.head, calibration);
    RangeObserver tail(pair.tail, calibration);
    const size_t seen = (samples_.size() + 1) / 2;
    Trial trial(network_, pair);
    for (const Sample& sample : samples_.first(seen)) {
      trial.Run({&sample, 1}, &head, &tail);
      for (size_t i = 0; i < pair.tail.inputs.size() && i < network_.split.head.outputs.size(); ++i) {
        const auto map = static_cast<size_t>(pair.tail.inputs[i]);
        const Map& crossing = pair.tail.program.maps()[map];
        RangeObserver::Widen(calibration.values[pair.tail.map_names[map]], trial.Crossing(i), crossing.pixels(),
                             crossing.padded());
      }
    }
    judged_ = samples_.size() > 1 ? samples_.subspan(seen) : samples_;
    expected_ = trial.Run(judged_);
    return {};
  }

  // The worst frame's errors; adds the multiply-adds of each of the tail's steps that has a mode to `work`, by name.
  Result<Errors> Try(const CompileOptions& options, std::map<std::string, double>* work = nullptr) {
    ASSIGN_OR_RETURN(const ProgramPair pair, ProgramPair::Make(network_, options, Port::kPlanes));
    for (const auto& step : pair.tail.program.steps()) {
      if (work == nullptr || step->key() < 0) continue;
      (*work)[pair.tail.step_names[static_cast<size_t>(step->key())]] += step->macs();
    }
    const Pictures actual = Trial(network_, pair).Run(judged_);
    return Worst(expected_, actual, network_.binding.size_px);
  }

 private:
  const CutNetwork& network_;
  std::span<const Sample> samples_, judged_;
  Pictures expected_;
};

struct Candidate {
  std::string name;
  double error = 0;  // mean square in the mouth that 8 bits in this step alone add
  double work = 0;   // multiply-adds: time saved, but the same on every machine and whatever else it does
};

}  // namespace

Fidelity Compare(std::span<const std::vector<float>> expected, std::span<const std::vector<float>> actual,
                 int size_px) {
  const Errors worst = Worst(expected, actual, size_px);
  return {Decibels(worst.picture), Decibels(worst.mouth)};
}

Result<Fidelity> MeasureBf16(const CutNetwork& network, std::span<const Sample> samples) {
  if (samples.empty()) return Error(ErrorCode::kInvalidInput, "no frames to judge a precision by");
  ASSIGN_OR_RETURN(const ProgramPair exact, ProgramPair::Make(network, {.mode = Mode::kF32}, Port::kPlanes));
  ASSIGN_OR_RETURN(const ProgramPair rounded, ProgramPair::Make(network, {.mode = Mode::kBf16}, Port::kPlanes));
  return Compare(Trial(network, exact).Run(samples), Trial(network, rounded).Run(samples), network.binding.size_px);
}

Result<MixedPrecision> FindMixedPrecision(const CutNetwork& network, std::span<const Sample> samples, double least_db) {
  if (samples.empty()) return Error(ErrorCode::kInvalidInput, "no frames to calibrate 8 bits with");
  const Stopwatch watch;
  MixedPrecision mixed;
  Judge judge(network, samples);
  RETURN_IF_ERROR(judge.Calibrate(mixed.calibration));

  CompileOptions options;
  options.calibration = &mixed.calibration;
  options.mode = Mode::kBf16;
  ASSIGN_OR_RETURN(const Errors base, judge.Try(options));
  if (Decibels(base.mouth) < least_db) {
    return Error(ErrorCode::kUnsupported, "bf16 keeps " + std::to_string(Decibels(base.mouth)) +
                                              " dB of the mouth, less than the " + std::to_string(least_db) +
                                              " asked for");
  }
  options.mode = Mode::kInt8;
  std::map<std::string, double> work;
  ASSIGN_OR_RETURN(Errors errors, judge.Try(options, &work));
  mixed.steps = static_cast<int>(work.size());

  const double allowed = std::pow(10.0, -(least_db + kMarginDb) / 10);
  if (errors.mouth > allowed) {
    std::vector<Candidate> candidates;
    for (const auto& [name, macs] : work) {
      CompileOptions alone = options;
      alone.mode = Mode::kBf16;
      alone.exceptions = {{name, Mode::kInt8}};
      ASSIGN_OR_RETURN(const Errors added, judge.Try(alone));
      candidates.push_back({name, std::max(added.mouth - base.mouth, 0.0), macs});
    }
    // What costs most for its work leaves first.
    std::ranges::sort(candidates,
                      [](const Candidate& a, const Candidate& b) { return a.error * b.work > b.error * a.work; });
    double predicted = base.mouth;
    for (const Candidate& candidate : candidates) predicted += candidate.error;
    for (const Candidate& candidate : candidates) {
      options.exceptions[candidate.name] = Mode::kBf16;
      predicted -= candidate.error;
      if (predicted > allowed) continue;  // far from enough: no need to measure
      ASSIGN_OR_RETURN(errors, judge.Try(options));
      if (errors.mouth <= allowed) break;
    }
  }
  mixed.exceptions = options.exceptions;
  mixed.fidelity = {Decibels(errors.picture), Decibels(errors.mouth)};
  Log(LogLevel::kInfo, "8 bits calibrated",
      {{"steps", mixed.steps},
       {"in bf16", static_cast<int64_t>(mixed.exceptions.size())},
       {"mouth_db", mixed.fidelity.mouth_db},
       {"ms", watch.ElapsedMs()}});
  return mixed;
}

}  // namespace lips::cpu
