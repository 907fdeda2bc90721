#include "bench/audio_bench.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "audio/sample_speech.h"
#include "base/stats.h"
#include "engine/audio_encoder.h"
#include "media/speech.h"
#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

constexpr int64_t kSpeechSamples = int64_t{10} * kModelRateHz;
constexpr int kRounds = 30;
constexpr int kFeatureRounds = 5;  // a whole file takes as long as a hundred rows
constexpr int64_t kBatches[] = {1, 8};

// One thing to be timed.
struct Step {
  std::string stage = {};
  std::string engine;
  std::string precision;
  int threads = 1;
  int64_t batch = 1;
  int rounds = kRounds;
  double units = 1;  // what the time is divided by
  std::function<Status()> run = {};
  std::vector<double> ms = {};
};

// ONNX Runtime as one would use it alone: all rows of a call in one run.
class PeerEncoder {
 public:
  static Result<std::unique_ptr<PeerEncoder>> Open(const Graph& graph, const SessionOptions& options) {
    auto peer = std::make_unique<PeerEncoder>();
    ASSIGN_OR_RETURN(const EncoderBinding binding, BindEncoder(graph));
    ASSIGN_OR_RETURN(peer->session_, OpenSession(graph, options));
    peer->fixed_batch_ = binding.fixed_batch;
    peer->outputs_.resize(graph.outputs.size());
    return peer;
  }
  // The first `count` rows of `inputs`, more where the network's batch is fixed.
  Status Encode(std::span<const float> inputs, int64_t count) {
    const int64_t rows = fixed_batch_ > 0 ? fixed_batch_ : count;
    constexpr auto kRowFloats = static_cast<size_t>(kMelBands) * kEncoderSteps;
    for (int64_t begin = 0; begin < count; begin += rows) {
      const auto end = static_cast<size_t>(begin + rows) * kRowFloats;
      if (end > inputs.size()) {
        return Error(ErrorCode::kUnsupported, "the encoder's fixed batch of " + std::to_string(rows) + " is too large");
      }
      const auto piece =
          inputs.subspan(static_cast<size_t>(begin) * kRowFloats, static_cast<size_t>(rows) * kRowFloats);
      const TensorView view({rows, 1, kMelBands, kEncoderSteps}, piece);
      RETURN_IF_ERROR(session_->Run({&view, 1}, outputs_));
    }
    return {};
  }

 private:
  std::unique_ptr<Session> session_;
  int64_t fixed_batch_ = 0;
  std::vector<Tensor> outputs_;
};

class AudioBench {
 public:
  AudioBench(const BenchJob& job, std::vector<float> samples) : job_(job), samples_(std::move(samples)) {
    mel_ = Mel(samples_);
    const auto columns = static_cast<int64_t>(mel_.size()) / kMelBands;
    rows_ = EncoderRows(columns);
    constexpr size_t kRowFloats = static_cast<size_t>(kMelBands) * kEncoderSteps;
    inputs_.resize(kInputRows * kRowFloats);
    for (size_t i = 0; i < kInputRows; ++i) {
      const int64_t row = static_cast<int64_t>(i) * rows_ / static_cast<int64_t>(kInputRows);
      FillEncoderInput(mel_, EncoderFirstColumn(row, columns), std::span(inputs_).subspan(i * kRowFloats, kRowFloats));
    }
  }

  Result<BenchReport> Run(const FilePart& model) {
    steps_.push_back(
        {.stage = "mel", .engine = "-", .precision = "-", .units = static_cast<double>(rows_), .run = [this] {
           MelStream stream;
           std::vector<float> out;
           stream.Push(samples_, out);
           stream.Finish(out);
           return Status();
         }});
    ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
    for (const int threads : job_.threads) {
      for (const EngineVariant& variant : Variants(job_)) {
        Status added = AddEngine(model, graph, variant, threads);
        if (!added.ok()) report_.Skip(variant.engine, variant.precision, added.error());
      }
    }
    RETURN_IF_ERROR(TakeTurns());
    for (const Step& step : steps_) report_.results.push_back(Row(step));
    return std::move(report_);
  }

 private:
  static constexpr size_t kInputRows = 64;

  Status AddEngine(const FilePart& model, const Graph& graph, const EngineVariant& variant, int threads) {
    const GeneratorOptions options = OptionsOf(variant, threads, true);
    ASSIGN_OR_RETURN(auto opened, OpenAudioEncoder(model, options));
    const std::shared_ptr<AudioEncoder> encoder = std::move(opened);
    std::shared_ptr<PeerEncoder> peer;
    if (variant.engine == Backend::kOnnxRuntime) {
      ASSIGN_OR_RETURN(peer, PeerEncoder::Open(graph, options.session));
    }
    const Step common = {.engine = std::string(Name(variant.engine)),
                         .precision = std::string(Name(variant.precision)),
                         .threads = threads};
    for (const int64_t batch : kBatches) {
      Step step = common;
      step.stage = "encoder";
      step.batch = batch;
      step.units = static_cast<double>(batch);
      step.run = [this, encoder, peer, batch] {
        if (peer != nullptr) return peer->Encode(inputs_, batch);
        const auto inputs = std::span(inputs_).first(static_cast<size_t>(batch) * inputs_.size() / kInputRows);
        encoded_.resize(static_cast<size_t>(batch) * static_cast<size_t>(encoder->row_floats()));
        return encoder->Encode(inputs, batch, encoded_);
      };
      steps_.push_back(std::move(step));
    }
    Step features = common;
    features.stage = "features";
    features.batch = rows_;
    features.rounds = kFeatureRounds;
    features.run = [this, encoder] {
      const EncodeRowsFn encode = [&encoder](std::span<const float> inputs, int64_t count, std::span<float> out) {
        return encoder->Encode(inputs, count, out);
      };
      const auto rows = ComputeFeatures(samples_, encode, encoder->row_floats());
      return rows.ok() ? Status() : Status(rows.error());
    };
    steps_.push_back(std::move(features));
    return {};
  }

  Status TakeTurns() {
    const int rounds = job_.RoundsOr(kRounds);
    for (int round = 0; round <= rounds; ++round) {  // the first is not counted
      for (Step& step : steps_) {
        if (round > step.rounds) continue;
        const Stopwatch watch;
        RETURN_IF_ERROR(step.run());
        if (round > 0) step.ms.push_back(watch.ElapsedMs() / step.units);
      }
      RETURN_IF_ERROR(job_.Report(round, rounds));
    }
    return {};
  }

  Json Row(const Step& step) const {
    const Summary summary = Summarise(step.ms);
    double peer_ms = 0;
    for (const Step& other : steps_) {
      const bool same = other.stage == step.stage && other.threads == step.threads && other.batch == step.batch;
      if (same && other.engine == Name(Backend::kOnnxRuntime)) peer_ms = Summarise(other.ms).median_ms;
    }
    Json row = Json::Object({{"stage", step.stage},
                             {"engine", step.engine},
                             {"precision", step.precision},
                             {"threads", step.threads},
                             {"batch", step.batch}});
    SetSummary(summary, row);
    row.Set("ratio_to_ort", Ratio(peer_ms, summary.median_ms));
    return row;
  }

  const BenchJob& job_;
  std::vector<float> samples_;
  std::vector<float> mel_;
  int64_t rows_ = 0;
  std::vector<float> inputs_;  // [kInputRows, 80, 16], spread over the speech
  std::vector<float> encoded_;
  std::vector<Step> steps_;
  BenchReport report_;
};

}  // namespace

Result<BenchReport> MeasureAudio(const BenchJob& job) {
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(job.avatar, job.avatar_options));
  ASSIGN_OR_RETURN(const FilePart model, avatar.audio_encoder_model());
  std::vector<float> samples;
  if (job.audio) {
    ASSIGN_OR_RETURN(Speech speech, ReadSpeech(*job.audio, kSpeechSamples));
    samples = std::move(speech.samples_16k);
  } else {
    samples = SampleSpeech();
  }
  if (EncoderRows(MelColumns(static_cast<int64_t>(samples.size()))) == 0) {
    return Error(ErrorCode::kInvalidInput, "the audio is too short for one encoder row (200 ms)");
  }
  ASSIGN_OR_RETURN(BenchReport report, AudioBench(job, std::move(samples)).Run(model));
  // The mel row needs no engine: alone it does not answer what was asked.
  const bool any_engine = report.results.size() > 1;
  if (any_engine || report.skipped.empty()) return report;
  return Error(ErrorCode::kUnsupported, report.skipped[0].Find("why")->as_string());
}

}  // namespace lips
