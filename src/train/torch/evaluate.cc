#include "train/torch/evaluate.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>

#include "image/mouth_area.h"
#include "train/torch/batch.h"
#include "train/torch/trainer.h"

namespace lips {
namespace {

constexpr int64_t kChunk = 4;       // frames drawn together
constexpr int kHeardTogether = 16;  // consecutive frames, which share rows

double Psnr(double mean_square) { return mean_square > 0 ? std::min(100.0, -10 * std::log10(mean_square)) : 100; }

// Of pictures [n, 3, h, w], one number each.
std::vector<double> MeanSquares(const at::Tensor& error, const Rect& box) {
  const at::Tensor part = error.narrow(2, box.y, box.height).narrow(3, box.x, box.width);
  const at::Tensor means = part.square().mean({1, 2, 3}).to(at::kDouble).cpu().contiguous();
  return {means.data_ptr<double>(), means.data_ptr<double>() + means.numel()};
}

// Sums over pictures.
class Likenesses {
 public:
  void Add(const at::Tensor& drawn, const at::Tensor& target, const Rect& moving) {
    const at::Tensor error = drawn - target;
    const Rect face = {0, 0, static_cast<int>(error.size(3)), static_cast<int>(error.size(2))};
    for (const double square : MeanSquares(error, face)) sum_.face += square;
    for (const double square : MeanSquares(error, moving)) sum_.moving += square;
    for (const double square : MeanSquares(error, MouthOf(face))) sum_.mouth += Psnr(square);
    count_ += error.size(0);
  }
  void Add(const Likenesses& other) {
    sum_ = {sum_.face + other.sum_.face, sum_.mouth + other.sum_.mouth, sum_.moving + other.sum_.moving};
    count_ += other.count_;
  }
  Likeness Mean() const {
    const auto n = static_cast<double>(std::max<int64_t>(count_, 1));
    return {Psnr(sum_.face / n), sum_.mouth / n, Psnr(sum_.moving / n)};
  }

 private:
  Likeness sum_;  // of mean squares, of the mouth's decibels
  int64_t count_ = 0;
};

struct DrawingSums {
  Likenesses right, other, reference;
  void Add(const DrawingSums& more) {
    right.Add(more.right);
    other.Add(more.other);
    reference.Add(more.reference);
  }
  Drawings Mean() const { return {right.Mean(), other.Mean(), reference.Mean()}; }
};

double Correlation(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a - a.mean();
  const at::Tensor y = b - b.mean();
  const double scale = std::sqrt(x.square().sum().item<double>() * y.square().sum().item<double>());
  return scale > 0 ? (x * y).sum().item<double>() / scale : 0;
}

void PutPicture(const at::Tensor& unit, ImageView to) {
  const at::Tensor bytes = (unit.clamp(0, 1) * 255).to(at::kByte).permute({1, 2, 0}).contiguous().cpu();
  const uint8_t* from = bytes.data_ptr<uint8_t>();
  for (int y = 0; y < to.height; ++y) std::copy_n(from + ptrdiff_t{3} * to.width * y, 3 * to.width, to.Row(y));
}

void Ready(Replica& replica, const WeightValues& weights, const EvaluateOptions& options) {
  at::NoGradGuard no_grad;
  replica.Load(weights);
  replica.Prepare(NormMode::kFolded, options.number);
}

// `work` for each index below `count`, on all threads of the pool; for another device than the CPU on one, since it
// does one thing after the other anyway.
Status ForEach(ThreadPool& pool, at::Device device, size_t count, const std::function<Status(size_t)>& work) {
  std::vector<Status> statuses(count);
  std::atomic<size_t> next = 0;
  pool.Run([&](const Worker& worker) {
    if (!device.is_cpu() && worker.index() > 0) return;
    at::NoGradGuard no_grad;
    at::init_num_threads();
    for (size_t k = next++; k < count; k = next++) statuses[k] = Guarded([&] { return work(k); });
  });
  for (Status& status : statuses) RETURN_IF_ERROR(std::move(status));
  return {};
}

}  // namespace

Result<std::vector<double>> HeardCorrelations(const TrainingSet& set, const Model& model, const WeightValues& weights,
                                              ThreadPool& pool, const EvaluateOptions& options) {
  std::vector<double> correlations;
  if (!set.has_mouth()) return correlations;
  const std::vector<int64_t> all = set.RunStarts(kHeardTogether, true);
  std::vector<int64_t> starts;  // of runs that do not overlap
  for (const int64_t start : all) {
    if (starts.empty() || start >= starts.back() + kHeardTogether) starts.push_back(start);
  }
  const auto runs = std::min(starts.size(), static_cast<size_t>(options.most_heard / kHeardTogether));
  if (runs == 0) return correlations;
  Replica replica(model.layout, options.device);
  Ready(replica, weights, options);
  NetOptions net;
  net.number = options.number;
  const StagePlan plan = {.stage = Stage::kSound, .runs = 1, .run_frames = kHeardTogether, .pictures = 0};
  std::vector<at::Tensor> read(runs), truth(runs);
  RETURN_IF_ERROR(ForEach(pool, options.device, runs, [&](size_t run) -> Status {
    Random random(0xE7A1, run);
    const int64_t start = starts[run * starts.size() / runs];
    ASSIGN_OR_RETURN(const Batch on_cpu, MakeBatch(set, {}, plan, WholeFace(), {&start, 1}, false, random));
    const Batch batch = on_cpu.To(options.device);
    read[run] = ReadMouth(replica, Hear(model, replica, net, batch.inputs, batch.known));
    truth[run] = batch.mouth[0];
    return {};
  }));
  at::NoGradGuard no_grad;
  const at::Tensor all_read = at::cat(read);
  const at::Tensor all_true = at::cat(truth);
  for (int k = 0; k < kMouthParameters; ++k) {
    correlations.push_back(Correlation(all_read.select(1, k), all_true.select(1, k)));
  }
  return correlations;
}

Result<Evaluation> Evaluate(const TrainingSet& set, const MouthRegion& region, const Model& model,
                            const WeightValues& weights, ThreadPool& pool, const EvaluateOptions& options) {
  std::vector<int64_t> frames = set.HeldOutFrames();
  if (frames.empty()) frames = set.RunStarts(1, false);
  const auto available = static_cast<int64_t>(frames.size());
  const int64_t count = std::min(available, options.most_frames);
  for (int64_t k = 0; k < count; ++k)
    frames[static_cast<size_t>(k)] = frames[static_cast<size_t>(k * available / count)];
  frames.resize(static_cast<size_t>(count));

  Replica replica(model.layout, options.device);
  Ready(replica, weights, options);
  NetOptions net;
  net.number = options.number;
  const StagePlan plan = {.stage = Stage::kFace, .runs = static_cast<int>(kChunk), .run_frames = 1, .pictures = 1};
  const auto chunks = static_cast<size_t>((count + kChunk - 1) / kChunk);
  std::vector<at::Tensor> heard(chunks);
  std::vector<DrawingSums> learned(chunks), in_use(chunks);
  const bool owns = options.in_use && !set.faces().header().has_resting;
  std::vector<at::Tensor> columns(static_cast<size_t>(options.sheet_frames));  // of the sheet: [3, 3 S, S]

  const auto batch_of = [&](size_t chunk, bool pictures) -> Result<Batch> {
    const auto first = static_cast<int64_t>(chunk) * kChunk;
    const auto of_chunk =
        std::span(frames).subspan(static_cast<size_t>(first), static_cast<size_t>(std::min(kChunk, count - first)));
    StagePlan wanted = plan;
    wanted.pictures = pictures ? 1 : 0;
    Random random(0xE7A1, chunk);
    ASSIGN_OR_RETURN(const Batch batch, MakeBatch(set, region, wanted, WholeFace(), of_chunk, false, random));
    return batch.To(options.device);
  };
  const auto hear = [&](size_t chunk) -> Status {
    ASSIGN_OR_RETURN(const Batch batch, batch_of(chunk, false));
    heard[chunk] = Hear(model, replica, net, batch.inputs, batch.known);
    return {};
  };
  const auto draw = [&](size_t chunk) -> Status {
    ASSIGN_OR_RETURN(const Batch batch, batch_of(chunk, true));
    const at::Tensor target = batch.target;
    const at::Tensor drawn = Draw(model, replica, net, WholeFace(), batch.image, heard[chunk]);
    const at::Tensor others = heard[(chunk + chunks / 2) % chunks].index_select(
        0,
        at::arange(target.size(0), target.options().dtype(at::kLong)) % heard[(chunk + chunks / 2) % chunks].size(0));
    const at::Tensor reference = batch.image.narrow(1, 0, 3);
    DrawingSums& sums = learned[chunk];
    sums.right.Add(drawn, target, region.box);
    sums.other.Add(Draw(model, replica, net, WholeFace(), batch.image, others), target, region.box);
    sums.reference.Add(reference, target, region.box);
    if (owns) {
      const at::Tensor image = at::cat({target, batch.image.narrow(1, 3, 3)}, 1);
      DrawingSums& own = in_use[chunk];
      own.right.Add(Draw(model, replica, net, WholeFace(), image, heard[chunk]), target, region.box);
      own.other.Add(Draw(model, replica, net, WholeFace(), image, others), target, region.box);
    }
    for (int64_t k = 0; k < target.size(0); ++k) {
      const int64_t frame = static_cast<int64_t>(chunk) * kChunk + k;
      const int64_t column = options.sheet_frames > 0 ? frame * options.sheet_frames / count : 0;
      // The first frame of each column's share.
      if (options.sheet_frames == 0 || (frame > 0 && (frame - 1) * options.sheet_frames / count == column)) continue;
      columns[static_cast<size_t>(column)] = at::cat({target[k], drawn[k], reference[k]}, 1);
    }
    return {};
  };
  RETURN_IF_ERROR(ForEach(pool, options.device, chunks, hear));
  RETURN_IF_ERROR(ForEach(pool, options.device, chunks, draw));

  at::NoGradGuard no_grad;
  Evaluation result;
  result.frames = count;
  for (size_t chunk = 1; chunk < chunks; ++chunk) {
    learned[0].Add(learned[chunk]);
    in_use[0].Add(in_use[chunk]);
  }
  if (chunks > 0) result.learned = learned[0].Mean();
  if (chunks > 0 && owns) result.in_use = in_use[0].Mean();
  ASSIGN_OR_RETURN(result.correlations, HeardCorrelations(set, model, weights, pool, options));
  std::erase_if(columns, [](const at::Tensor& column) { return !column.defined(); });
  if (!columns.empty()) {
    const at::Tensor all = at::cat(columns, 2);
    result.sheet.emplace(static_cast<int>(all.size(2)), static_cast<int>(all.size(1)));
    PutPicture(all, result.sheet->view());
  }
  return result;
}

}  // namespace lips
