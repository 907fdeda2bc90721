#include "train/torch/batch.h"

#include <torch/types.h>

#include <algorithm>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/window.h"

namespace lips {
namespace {

constexpr double kGradientShare = 0.5;
constexpr double kMotionShare = 0.5;
constexpr double kHueShare = 1.0;

// The part `pixels` of `picture` into picture `index` of a tensor [n, channels, h, w] from `channel` on.
void PutUnit(const Image& picture, const Rect& pixels, int64_t index, int64_t channel, at::Tensor& out) {
  const int64_t plane = out.size(2) * out.size(3);
  float* to = out.data_ptr<float>() + (index * out.size(1) + channel) * plane;
  for (int y = 0; y < pixels.height; ++y) {
    const uint8_t* row = picture.view().Row(pixels.y + y) + ptrdiff_t{3} * pixels.x;
    for (int x = 0; x < pixels.width; ++x) {
      const int64_t at = int64_t{y} * pixels.width + x;
      for (int c = 0; c < 3; ++c) to[c * plane + at] = static_cast<float>(row[3 * x + c]) / 255.0f;
    }
  }
}

// Looks into `map`, [size, size].
at::Tensor PartOf(const std::vector<float>& map, int64_t size, const Rect& pixels) {
  return at::from_blob(const_cast<float*>(map.data()), {size, size}, at::kFloat)
      .narrow(0, pixels.y, pixels.height)
      .narrow(1, pixels.x, pixels.width);
}

// Inputs, known and mouth of that many runs, to be filled.
Batch EmptyRuns(const TrainingSet& set, int64_t runs, int64_t frames) {
  const int64_t rows = frames + kWindowRows - 1;
  Batch batch;
  batch.inputs = at::empty({runs, rows, set.learns_rows() ? kMelBands * kEncoderSteps : set.row_floats()});
  batch.known = at::empty({runs, rows});
  if (set.has_mouth()) batch.mouth = at::empty({runs, frames, kMouthParameters});
  return batch;
}

// What of [runs, ...] belongs to one run; nothing of an undefined tensor.
std::span<float> OfRun(at::Tensor& tensor, int64_t run) {
  if (!tensor.defined()) return {};
  const int64_t each = tensor.numel() / tensor.size(0);
  return std::span(tensor.data_ptr<float>() + run * each, static_cast<size_t>(each));
}

}  // namespace

Rect Intersection(const Rect& a, const Rect& b) {
  const int x = std::max(a.x, b.x);
  const int y = std::max(a.y, b.y);
  return {x, y, std::max(0, std::min(a.right(), b.right()) - x), std::max(0, std::min(a.bottom(), b.bottom()) - y)};
}

Batch Batch::To(at::Device device) const {
  if (device.is_cpu()) return *this;
  Batch moved = *this;
  for (at::Tensor* tensor :
       {&moved.inputs, &moved.known, &moved.mouth, &moved.target, &moved.image, &moved.weight, &moved.drawn}) {
    if (tensor->defined()) *tensor = tensor->to(device);
  }
  return moved;
}

Result<Batch> MakeBatch(const TrainingSet& set, const MouthRegion& region, const StagePlan& plan, const Rect& cells,
                        std::span<const int64_t> starts, bool vary, Random& random) {
  const auto runs = static_cast<int64_t>(starts.size());
  const int64_t frames = plan.run_frames;
  Batch batch = EmptyRuns(set, runs, frames);
  batch.cells = cells;
  batch.pictures = plan.pictures;
  for (int64_t run = 0; run < runs; ++run) {
    set.FillRun(starts[static_cast<size_t>(run)], frames, vary ? &random : nullptr, OfRun(batch.inputs, run),
                OfRun(batch.known, run), OfRun(batch.mouth, run));
  }
  if (plan.pictures == 0) return batch;

  const int cell = set.size_px() / kCells;
  const Rect pixels{cells.x * cell, cells.y * cell, cells.width * cell, cells.height * cell};
  const int64_t count = runs * plan.pictures;
  batch.target = at::empty({count, 3, pixels.height, pixels.width});
  batch.image = at::empty({count, 6, pixels.height, pixels.width});
  batch.drawn = at::empty({count}, at::kLong);
  const bool resting = set.faces().header().has_resting;
  Image picture;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t run = k / plan.pictures;
    if (k % plan.pictures == 0) {
      batch.drawn.data_ptr<int64_t>()[k] = run * frames + random.Below(frames - plan.pictures + 1);
    } else {
      batch.drawn.data_ptr<int64_t>()[k] = batch.drawn.data_ptr<int64_t>()[k - 1] + 1;
    }
    const int64_t frame = starts[static_cast<size_t>(run)] + batch.drawn.data_ptr<int64_t>()[k] - run * frames;
    RETURN_IF_ERROR(set.faces().Read(frame, FaceKind::kTarget, picture));
    PutUnit(picture, pixels, k, 0, batch.target);
    PutUnit(picture, pixels, k, 3, batch.image);
    const int64_t reference = ReferenceOf(set, region, frame, random);
    RETURN_IF_ERROR(set.faces().Read(reference, resting ? FaceKind::kResting : FaceKind::kTarget, picture));
    PutUnit(picture, pixels, k, 0, batch.image);
  }
  if (!region.pasted.empty()) {
    at::Tensor reference = batch.image.narrow(1, 0, 3);
    reference.copy_(batch.target + (reference - batch.target) * PartOf(region.pasted, set.size_px(), pixels));
  }
  const Rect hidden = Intersection(set.mask(), pixels);
  batch.image.narrow(1, 3, 3)
      .narrow(2, hidden.y - pixels.y, hidden.height)
      .narrow(3, hidden.x - pixels.x, hidden.width)
      .zero_();
  const at::Tensor weight = PartOf(region.weight, set.size_px(), pixels);
  batch.weight = weight / weight.mean();
  return batch;
}

Batch MakeMoreBatch(const TrainingSet& set, int64_t runs, int64_t frames, Random& random) {
  Batch batch = EmptyRuns(set, runs, frames);
  for (int64_t run = 0; run < runs; ++run) {
    set.FillMoreRun(random.Below(set.more_frames() - frames + 1), frames, &random, OfRun(batch.inputs, run),
                    OfRun(batch.known, run), OfRun(batch.mouth, run));
  }
  return batch;
}

at::Tensor PictureLoss(const Batch& batch, const at::Tensor& drawn) {
  const at::Tensor& weight = batch.weight;
  const at::Tensor error = drawn - batch.target;
  const at::Tensor down = error.narrow(2, 1, error.size(2) - 1) - error.narrow(2, 0, error.size(2) - 1);
  const at::Tensor across = error.narrow(3, 1, error.size(3) - 1) - error.narrow(3, 0, error.size(3) - 1);
  at::Tensor loss = (error.abs() * weight).mean();
  loss = loss + kGradientShare * ((down.abs() * weight.narrow(0, 1, down.size(2))).mean() +
                                  (across.abs() * weight.narrow(1, 1, across.size(3))).mean());
  // Lips are told from skin by their colour, hardly by their lightness; without this term they end where it is dark.
  const at::Tensor green = error.narrow(1, 1, 1);
  const at::Tensor hue = at::cat({error.narrow(1, 0, 1) - green, error.narrow(1, 2, 1) - green}, 1);
  loss = loss + kHueShare * (hue.abs() * weight).mean();
  if (batch.pictures < 2) return loss;
  // Pictures of a run are neighbours in the batch.
  const at::Tensor by_run = error.view({-1, batch.pictures, error.size(1), error.size(2), error.size(3)});
  const at::Tensor change = by_run.narrow(1, 1, batch.pictures - 1) - by_run.narrow(1, 0, batch.pictures - 1);
  return loss + kMotionShare * (change.abs() * weight).mean();
}

at::Tensor MouthLoss(const Batch& batch, const at::Tensor& read) {
  const at::Tensor error = read - batch.mouth.view({-1, kMouthParameters});
  return (error.abs() + 2 * error.square()).mean();
}

}  // namespace lips
