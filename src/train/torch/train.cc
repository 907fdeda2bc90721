#include "train/train.h"

#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "base/abandoned.h"
#include "base/file_part.h"
#include "base/stats.h"
#include "base/thread_pool.h"
#include "media/picture.h"
#include "model/half_weights.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "model/pth_writer.h"
#include "train/curves.h"
#include "train/torch/evaluate.h"
#include "train/torch/trainer.h"

namespace lips {
namespace {

constexpr int kMidwayFrames = 60;  // judged while training
constexpr int kFinalFrames = 160;
constexpr int kSheetFrames = 8;
constexpr double kJudgeEvery = 0.1;  // of the run
constexpr int64_t kJudgeApart = 20;  // steps
constexpr double kReportEveryS = 10;
constexpr int kGpuBatch = 16;

std::string Text(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

// Activations are tens of megabytes and live for milliseconds; giving them back to the system each time costs a third
// of the run in page faults.
void KeepFreedMemory() {
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  ::mallopt(M_ARENA_MAX, 1);
}

Result<std::array<int, 5>> Widths(const std::string& name) {
  if (name == "quarter") return std::array<int, 5>{8, 16, 32, 64, 128};
  if (name == "half") return std::array<int, 5>{16, 32, 64, 128, 256};
  if (name == "full") return std::array<int, 5>{32, 64, 128, 256, 512};
  return Error(ErrorCode::kInvalidInput, "width '" + name + "'; expected quarter, half or full");
}

Result<ModelShape> ShapeFor(const TrainRequest& request, const TrainingSet& set) {
  ModelShape shape;
  ASSIGN_OR_RETURN(shape.generator.channels, Widths(request.width));
  shape.generator.size_px = set.size_px();
  if (set.row_floats() != 512) {
    return Error(ErrorCode::kUnsupported,
                 "feature rows of " + std::to_string(set.row_floats()) + " floats; training knows rows of 512 (AVE)");
  }
  const auto* const encoder = std::ranges::find(kEncoderWidths, request.encoder_width, &EncoderWidth::name);
  if (encoder == kEncoderWidths.end()) {
    return Error(ErrorCode::kInvalidInput,
                 "encoder width '" + request.encoder_width + "'; expected slim, medium or full");
  }
  shape.encoder.channels = encoder->channels;
  shape.learns_rows = set.learns_rows();
  shape.mouth_parameters = set.has_mouth() ? kMouthParameters : 0;
  return shape;
}

Result<TrainerOptions> OptionsFor(const TrainRequest& request) {
  TrainerOptions options;
  options.seed = request.seed;
  const bool has_gpu = torch::cuda::is_available();
  if (request.device == "cuda" && !has_gpu) {
    return Error(ErrorCode::kUnsupported, "--device cuda: this torch finds no usable GPU");
  }
  const bool gpu = request.device != "cpu" && has_gpu;
  options.device = gpu ? at::Device(at::kCUDA) : at::Device(at::kCPU);
  options.threads = ThreadsOrCores(request.threads);
  options.resident = gpu || request.resident;
  options.workers = options.resident ? 1 : options.threads;
  options.batch = request.batch > 0 ? request.batch : gpu ? kGpuBatch : 1;
  const bool has_bf16 = gpu || __builtin_cpu_supports("avx512bf16") != 0;
  const bool bf16 = request.precision == "bf16" || (request.precision == "auto" && has_bf16);
  options.number = bf16 ? at::kBFloat16 : at::kFloat;
  return options;
}

std::string HeardText(const std::vector<double>& correlations) {
  std::string text;
  for (size_t k = 0; k < correlations.size(); ++k) {
    text += Text("%s %s %.2f", k == 0 ? "; heard:" : ",", kMouthNames[k], correlations[k]);
  }
  return text;
}

Json ToJson(const Likeness& likeness) {
  return Json::Object({{"face", likeness.face}, {"mouth", likeness.mouth}, {"moving", likeness.moving}});
}

Json ToJson(const Drawings& drawings) {
  return Json::Object({{"right_sound", ToJson(drawings.right)},
                       {"other_sound", ToJson(drawings.other)},
                       {"reference", ToJson(drawings.reference)}});
}

Status CheckRequest(const TrainRequest& request) {
  constexpr double kMostSoundShare = 0.6;  // beyond that no stage that draws would be long enough
  if (request.keep_hearing && !request.from) {
    return Error(ErrorCode::kInvalidInput, "--keep-hearing keeps what another run learned: say which with --from");
  }
  if (request.keep_hearing && (request.more_sound || request.sound_share > 0)) {
    return Error(ErrorCode::kInvalidInput,
                 "--keep-hearing learns nothing from sound; leave out --more-sound and --sound-share");
  }
  if (!(request.sound_share >= 0 && request.sound_share <= kMostSoundShare) && request.sound_share != 1) {
    return Error(ErrorCode::kInvalidInput,
                 "--sound-share " + Text("%g", request.sound_share) + "; expected 0 to 0.6, or 1 for sound alone");
  }
  return {};
}

// A run and its files.
class Run {
 public:
  Run(const TrainRequest& request, TrainingSet set, MouthRegion region, const ModelShape& shape,
      const TrainerOptions& options)
      : request_(request), set_(std::move(set)), region_(std::move(region)), trainer_(set_, region_, shape, options) {}

  Status Continue() {
    if (request_.fresh || !HasCheckpoint(CheckpointPath())) {
      if (!request_.from) {
        RETURN_IF_ERROR(trainer_.Begin());
        return trainer_.Settle(request_.sound_share < 1);
      }
      RETURN_IF_ERROR(BeginWithOther(*request_.from));
      if (request_.keep_hearing && trainer_.encoder_anew()) {
        return Error(ErrorCode::kInvalidInput, "--keep-hearing keeps an audio encoder, but '" +
                                                   request_.from->string() + "' has none of this --encoder-width");
      }
      return trainer_.Settle(request_.sound_share < 1);
    }
    ASSIGN_OR_RETURN(const TensorFile file, ReadCheckpoint(CheckpointPath()));
    RETURN_IF_ERROR(Guarded([&] { return trainer_.Load(file); }));
    if (const Json* elapsed = file.facts.Find("elapsed_s")) elapsed_before_s_ = elapsed->as_double();
    if (const Json* curves = file.facts.Find("curves")) points_ = CurvesFromJson(*curves);
    Say("continuing at step " + std::to_string(trainer_.step()) + " after " + Text("%.1f min", elapsed_before_s_ / 60));
    return trainer_.Settle(request_.sound_share < 1);
  }

  Result<TrainReport> Go() {
    watch_.Restart();
    double last_checkpoint_s = Elapsed();
    double last_report_s = Elapsed();
    double next_judgement = points_.empty() ? kJudgeEvery : std::floor(Progress() / kJudgeEvery + 1) * kJudgeEvery;
    while (Progress() < 1) {
      const StagePlan plan = PlanAt(Progress(), trainer_.step(),
                                    {.has_mouth = set_.has_mouth(),
                                     .has_more_sound = set_.more_frames() > 0,
                                     .filmed = !set_.faces().header().has_resting,
                                     .keep_hearing = request_.keep_hearing,
                                     .sound_share = request_.sound_share,
                                     .peak_rate = request_.learning_rate,
                                     .batch = trainer_.options().batch});
      RETURN_IF_ERROR(trainer_.Step(plan));
      ++steps_since_point_;
      const double now = Elapsed();
      if (request_.stop != nullptr && request_.stop->raised()) {
        RETURN_IF_ERROR(WriteState());
        return Error(ErrorCode::kCancelled, "stopped on request; the same command continues");
      }
      if (now - last_report_s >= kReportEveryS) {
        RETURN_IF_ERROR(AddPoint(plan));
        Report(plan);
        last_report_s = now;
      }
      if (Progress() >= next_judgement && trainer_.step() - last_judged_ >= kJudgeApart) {
        RETURN_IF_ERROR(AddPoint(plan));
        RETURN_IF_ERROR(plan.pictures > 0 ? Judge() : JudgeHearing());
        next_judgement += kJudgeEvery;
        last_judged_ = trainer_.step();
      }
      if (now - last_checkpoint_s >= request_.checkpoint_every_s) {
        RETURN_IF_ERROR(WriteState());
        last_checkpoint_s = Elapsed();
      }
    }
    return Finish();
  }

 private:
  Path CheckpointPath() const { return request_.output / "checkpoint.bin"; }
  double Elapsed() const { return elapsed_before_s_ + watch_.ElapsedMs() / 1000; }
  double Progress() const {
    return request_.steps > 0 ? static_cast<double>(trainer_.step()) / static_cast<double>(request_.steps)
                              : Elapsed() / request_.time_budget_s;
  }
  void Say(const std::string& line) const {
    if (request_.progress) request_.progress(line);
  }

  Status BeginWithOther(const Path& other) {
    if (!std::filesystem::is_regular_file(other)) {
      ASSIGN_OR_RETURN(const TensorFile file, ReadCheckpoint(other / "checkpoint.bin"));
      return Guarded([&] { return trainer_.BeginWith(file); });
    }
    ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(other));
    ASSIGN_OR_RETURN(const StateDict state, ReadPth(file));
    Status begun = Guarded([&] { return trainer_.BeginWith(state); });
    return begun.ok() ? Status() : std::move(begun).TakeError().Within("'" + other.string() + "'");
  }

  Status AddPoint(const StagePlan& plan) {
    if (steps_since_point_ == 0) return {};
    ASSIGN_OR_RETURN(const StepLosses losses, trainer_.TakeLosses());
    points_.push_back({.step = trainer_.step(),
                       .elapsed_s = Elapsed(),
                       .stage = std::string(Name(plan.stage)),
                       .learning_rate = plan.learning_rate,
                       .picture_loss = losses.picture,
                       .mouth_loss = losses.mouth});
    steps_since_point_ = 0;
    return {};
  }

  void Report(const StagePlan& plan) const {
    const CurvePoint& point = points_.back();
    const double left_s = Progress() > 0 ? Elapsed() * (1 - Progress()) / Progress() : 0;
    Say(Text("%3.0f %%  step %lld  %-13s  pictures %.4f  mouth %.4f  ETA %.1f min", 100 * Progress(),
             static_cast<long long>(trainer_.step()), std::string(Name(plan.stage)).c_str(), point.picture_loss,
             point.mouth_loss, left_s / 60));
  }

  Result<Evaluation> Look(int64_t frames, int sheet, at::ScalarType number, bool in_use) {
    EvaluateOptions options;
    options.in_use = in_use;
    options.most_frames = frames;
    options.sheet_frames = sheet;
    options.device = trainer_.options().device;
    options.number = number;
    return Evaluate(set_, region_, trainer_.model(), trainer_.average(), trainer_.pool(), options);
  }

  Status JudgeHearing() {
    EvaluateOptions options;
    options.device = trainer_.options().device;
    options.number = trainer_.options().number;
    ASSIGN_OR_RETURN(const std::vector<double> found,
                     HeardCorrelations(set_, trainer_.model(), trainer_.average(), trainer_.pool(), options));
    if (found.empty()) return {};
    points_.back().opening_correlation = found[0];
    Say("held out" + HeardText(found));
    return {};
  }

  Status Judge() {
    ASSIGN_OR_RETURN(const Evaluation found, Look(kMidwayFrames, kSheetFrames, trainer_.options().number, false));
    CurvePoint& point = points_.back();
    const auto& [right, other, reference] = found.learned;
    point.psnr_db = right.face;
    point.mouth_psnr_db = right.mouth;
    if (!found.correlations.empty()) point.opening_correlation = found.correlations[0];
    Say(Text("held out: %.2f dB, in the mouth %.2f dB (copying the reference %.2f, other sound %.2f), where it moves "
             "%.2f dB (%.2f, %.2f)",
             right.face, right.mouth, reference.mouth, other.mouth, right.moving, reference.moving, other.moving) +
        HeardText(found.correlations));
    return found.sheet ? WritePng(request_.output / "preview.png", found.sheet->view()) : Status();
  }

  Status WriteState() {
    TensorFile file;
    RETURN_IF_ERROR(Guarded([&] { return trainer_.Save(file); }));
    file.facts.Set("elapsed_s", Elapsed());
    file.facts.Set("curves", ToJson(points_));
    RETURN_IF_ERROR(WriteCheckpoint(CheckpointPath(), file));
    RETURN_IF_ERROR(WriteCurves());
    return WriteNetworks();
  }

  Status WriteCurves() const {
    RETURN_IF_ERROR(WriteFileAtomically(request_.output / "curves.csv", CurvesCsv(points_)));
    return WriteFileAtomically(request_.output / "curves.svg", CurvesSvg(points_));
  }

  Status WriteNetworks() {
    const Model& model = trainer_.model();
    StateDict generator;
    StateDict encoder;
    RETURN_IF_ERROR(Guarded([&]() -> Status {
      generator = StateOf(model.layout, trainer_.average(), model.generator);
      encoder = StateOf(model.layout, trainer_.average(), model.encoder);
      return {};
    }));
    ASSIGN_OR_RETURN(const Graph graph, GeneratorGraph(generator, model.shape.generator));
    RETURN_IF_ERROR(WriteGraph("generator.onnx", graph));
    RETURN_IF_ERROR(WritePth(request_.output / "generator.pth", generator));
    if (!model.shape.learns_rows) return {};
    ASSIGN_OR_RETURN(const Graph encoder_graph, EncoderGraph(encoder, model.shape.encoder));
    RETURN_IF_ERROR(WriteGraph("audio_encoder.onnx", encoder_graph));
    return WritePth(request_.output / "audio_encoder.pth", encoder);
  }

  Status WriteGraph(const char* name, const Graph& graph) const {
    if (!request_.half) return WriteOnnx(request_.output / name, graph);
    ASSIGN_OR_RETURN(const Graph half, StoreWeightsAsHalf(graph));
    return WriteOnnx(request_.output / name, half);
  }

  Result<TrainReport> Finish() {
    RETURN_IF_ERROR(WriteState());
    Say("judging the result on held-out frames");
    ASSIGN_OR_RETURN(const Evaluation found, Look(kFinalFrames, kSheetFrames, at::kFloat, true));
    if (found.sheet) RETURN_IF_ERROR(WritePng(request_.output / "preview.png", found.sheet->view()));
    TrainReport report;
    Json correlations = Json::Object();
    for (size_t k = 0; k < found.correlations.size(); ++k) correlations.Set(kMouthNames[k], found.correlations[k]);
    report.json =
        Json::Object({{"avatar", set_.name()},
                      {"width", request_.width},
                      {"size_px", set_.size_px()},
                      {"audio_encoder", set_.learns_rows() ? request_.encoder_width : "given"},
                      {"reference", set_.faces().header().has_resting ? "resting" : request_.reference},
                      {"from", request_.from ? request_.from->string() : ""},
                      {"keep_hearing", request_.keep_hearing},
                      {"sound_share", request_.sound_share},
                      {"row_noise", set_.learns_rows() ? 0.0 : request_.row_noise},
                      {"seed", static_cast<int64_t>(request_.seed)},
                      {"device", trainer_.options().device.str()},
                      {"threads", trainer_.options().workers},
                      {"batch", trainer_.options().batch},
                      {"number", trainer_.options().number == at::kBFloat16 ? "bf16" : "f32"},
                      {"steps", trainer_.step()},
                      {"elapsed_s", Elapsed()},
                      {"frames_learned", set_.frames() - static_cast<int64_t>(set_.HeldOutFrames().size())},
                      {"frames_judged", found.frames},
                      {"moving_box", Json::Array{region_.box.x, region_.box.y, region_.box.width, region_.box.height}},
                      {"held_out_db", ToJson(found.learned)},
                      {"heard_correlation", std::move(correlations)},
                      {"peak_rss_bytes", PeakRssBytes()}});
    if (found.in_use) {
      report.json.Set("held_out_db_in_use", Json::Object({{"right_sound", ToJson(found.in_use->right)},
                                                          {"other_sound", ToJson(found.in_use->other)}}));
    }
    RETURN_IF_ERROR(WriteFileAtomically(request_.output / "report.json", report.json.Dump() + "\n"));
    report.summary =
        Text("%lld steps in %.1f min; held out: %.2f dB, in the mouth %.2f dB (other sound %.2f, reference %.2f)",
             static_cast<long long>(trainer_.step()), Elapsed() / 60, found.learned.right.face,
             found.learned.right.mouth, found.learned.other.mouth, found.learned.reference.mouth);
    if (found.in_use) {
      report.summary += Text("; in use %.2f dB, in the mouth %.2f dB (other sound %.2f)", found.in_use->right.face,
                             found.in_use->right.mouth, found.in_use->other.mouth);
    }
    report.summary += HeardText(found.correlations);
    return report;
  }

  const TrainRequest& request_;
  TrainingSet set_;
  MouthRegion region_;
  Trainer trainer_;
  Stopwatch watch_;
  double elapsed_before_s_ = 0;
  std::vector<CurvePoint> points_;
  int64_t steps_since_point_ = 0;
  int64_t last_judged_ = 0;
};

}  // namespace

bool CanTrain() { return true; }

Result<TrainReport> Train(const TrainRequest& request) {
  at::set_num_threads(1);  // each worker computes a batch of its own
  RETURN_IF_ERROR(CheckRequest(request));
  RETURN_IF_ERROR(MakeFolder(request.output));
  RemoveAbandonedFiles(request.output);  // of a run that was killed
  ASSIGN_OR_RETURN(TrainerOptions options, OptionsFor(request));
  options.say = request.progress;
  if (options.device.is_cpu()) KeepFreedMemory();
  TrainingSetOptions set_options;
  set_options.avatar = request.avatar;
  set_options.cache = request.output;
  set_options.audio_encoder = request.audio_encoder;
  set_options.packaged_features = request.packaged_features;
  set_options.audio = request.audio;
  set_options.more_sound = request.more_sound;
  set_options.row_noise = request.row_noise;
  set_options.held_out = request.held_out;
  set_options.threads = options.threads;
  set_options.stop = request.stop;
  set_options.progress = [&request](int64_t done, int64_t total) {
    if (request.progress && (done % 500 == 0 || done == total)) {
      request.progress("pictures " + std::to_string(done) + " of " + std::to_string(total));
    }
  };
  auto set = TrainingSet::Open(set_options);
  if (!set.ok()) return std::move(set).TakeError().Within("avatar '" + request.avatar.string() + "'");
  if (request.sound_share > 0 && !set.value().has_mouth()) {
    return Error(ErrorCode::kInvalidInput,
                 "--sound-share takes a package with mouth.npy: without it sound alone teaches nothing");
  }
  const bool pastes = request.reference == "pasted" && request.sound_share < 1;
  ASSIGN_OR_RETURN(MouthRegion region, FindMouth(set.value(), pastes));
  ASSIGN_OR_RETURN(const ModelShape shape, ShapeFor(request, set.value()));
  if (request.progress) {
    const Rect& box = region.box;
    request.progress(
        Text("%lld frames of %d px, %zu held out; the mouth moves within %d,%d %dx%d; %s rows, %d workers, %s",
             static_cast<long long>(set.value().frames()), set.value().size_px(), set.value().HeldOutFrames().size(),
             box.x, box.y, box.width, box.height, set.value().learns_rows() ? "learned" : "given", options.workers,
             options.number == at::kBFloat16 ? "bf16" : "f32"));
  }
  Result<TrainReport> report = Error(ErrorCode::kCancelled, "");
  const auto train = [&]() -> Status {
    Run run(request, std::move(set).value(), std::move(region), shape, options);
    RETURN_IF_ERROR(run.Continue());
    report = run.Go();
    return {};
  };
  RETURN_IF_ERROR(Guarded(train));
  return report;
}

}  // namespace lips
