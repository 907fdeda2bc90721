#include "train/torch/device_set.h"

#include <torch/types.h>

#include <algorithm>
#include <cstring>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/window.h"

namespace lips {
namespace {

constexpr double kMelSilence = -4;
constexpr int64_t kDecodedAtOnce = 512;

at::Tensor Copied(std::span<const float> values, at::IntArrayRef dims, at::Device device) {
  return at::from_blob(const_cast<float*>(values.data()), dims, at::kFloat).clone().to(device);
}

at::Tensor Copied(std::span<const int64_t> values, at::Device device) {
  const auto count = static_cast<int64_t>(values.size());
  // What is small is taken over at once; waiting for it would cost more than the step has to spare.
  return at::from_blob(const_cast<int64_t*>(values.data()), {count}, at::kLong).clone().to(device, at::kLong, true);
}

// [frames, S, S, 3], decoded a piece at a time.
Result<at::Tensor> Pictures(const TrainingSet& set, FaceKind kind, at::Device device, ThreadPool& pool) {
  const int64_t size = set.size_px();
  at::Tensor all = at::empty({set.frames(), size, size, 3}, at::TensorOptions().dtype(at::kByte).device(device));
  for (int64_t first = 0; first < set.frames(); first += kDecodedAtOnce) {
    const int64_t count = std::min(kDecodedAtOnce, set.frames() - first);
    at::Tensor piece = at::empty({count, size, size, 3}, at::kByte);
    uint8_t* to = piece.data_ptr<uint8_t>();
    std::vector<Status> statuses(static_cast<size_t>(pool.size()));
    pool.Run([&](const Worker& worker) {
      Status& status = statuses[static_cast<size_t>(worker.index())];
      const auto [begin, end] = worker.Share(static_cast<int>(count));
      Image picture;
      for (int64_t k = begin; k < end && status.ok(); ++k) {
        status = set.faces().Read(first + k, kind, picture);
        if (!status.ok()) break;
        const auto row = static_cast<size_t>(3 * size);
        for (int y = 0; y < picture.height(); ++y) {
          std::memcpy(to + static_cast<size_t>(k * size + y) * row, picture.view().Row(y), row);
        }
      }
    });
    for (Status& status : statuses) RETURN_IF_ERROR(std::move(status));
    all.narrow(0, first, count).copy_(piece);
  }
  return all;
}

// VaryMel for [runs, columns, 80], each run by itself.
at::Tensor Varied(const at::Tensor& mel) {
  const int64_t runs = mel.size(0);
  const auto numbers = mel.options();
  const auto uniform = [&](double low, double high) { return at::rand({runs, 1, 1}, numbers) * (high - low) + low; };
  const auto half = [&] { return at::rand({runs, 1, 1}, numbers) < 0.5; };
  const at::Tensor bands = at::arange(kMelBands, numbers.dtype(at::kLong)).view({1, 1, kMelBands});
  const at::Tensor shift = at::where(half(), uniform(-4, 5).floor(), 0).to(at::kLong);
  const at::Tensor from = bands - shift;  // [runs, 1, 80]
  const at::Tensor inside = at::logical_and(from >= 0, from < kMelBands);
  at::Tensor value = mel.gather(2, from.clamp(0, kMelBands - 1).expand_as(mel));
  value = at::where(inside, value, kMelSilence);
  const at::Tensor slope = at::linspace(-1, 1, kMelBands, numbers).view({1, 1, kMelBands});
  value = value + uniform(-1.2, 0.6) + uniform(-0.6, 0.6) * slope;
  const at::Tensor noise = uniform(-4, -1.5) + 0.35 * at::randn_like(value);
  return at::where(half(), at::maximum(value, noise), value).clamp(-4, 4);
}

}  // namespace

DeviceSet::Heard DeviceSet::HeardOf(const Sound& sound, std::span<const float> mouths, at::Device device) {
  Heard heard;
  heard.rows = sound.rows();
  std::vector<int64_t> columns;
  columns.reserve(static_cast<size_t>(heard.rows));
  for (int64_t row = 0; row < heard.rows; ++row) columns.push_back(sound.FirstColumn(row));
  heard.first_column = Copied(columns, device);
  heard.mel = Copied(sound.mel(), {std::ssize(sound.mel()) / kMelBands, kMelBands}, device);
  if (!mouths.empty()) heard.mouth = Copied(mouths, {std::ssize(mouths) / kMouthParameters, kMouthParameters}, device);
  return heard;
}

DeviceSet DeviceSet::Load(const TrainingSet& set, const MouthRegion& region, at::Device device) {
  DeviceSet all;
  all.set_ = &set;
  all.region_ = &region;
  all.device_ = device;
  all.weight_ = Copied(region.weight, {set.size_px(), set.size_px()}, device);
  if (!region.pasted.empty()) all.pasted_ = Copied(region.pasted, {set.size_px(), set.size_px()}, device);
  if (set.learns_rows()) {
    all.heard_ = HeardOf(set.sound(), set.mouths(), device);
  } else {
    all.heard_.rows = set.rows();
    all.heard_.given = Copied(set.given_rows(), {set.rows(), set.row_floats()}, device);
    all.heard_.noise = Copied(set.row_noise(), {set.row_floats()}, device);
    if (set.has_mouth()) all.heard_.mouth = Copied(set.mouths(), {set.frames(), kMouthParameters}, device);
  }
  if (set.more_frames() > 0) all.more_ = HeardOf(set.more_sound(), set.more_mouths(), device);
  return all;
}

Status DeviceSet::TakePictures(ThreadPool& pool) {
  if (set_->faces().header().has_resting) {
    ASSIGN_OR_RETURN(resting_, Pictures(*set_, FaceKind::kResting, device_, pool));
  }
  ASSIGN_OR_RETURN(pictures_, Pictures(*set_, FaceKind::kTarget, device_, pool));
  return {};
}

void DeviceSet::Listen(const Heard& heard, std::span<const int64_t> starts, int64_t frames, bool vary,
                       Batch& batch) const {
  const auto runs = static_cast<int64_t>(starts.size());
  const int64_t rows = frames + kWindowRows - 1;
  const auto whole_numbers = at::TensorOptions().dtype(at::kLong).device(device_);
  const at::Tensor start = Copied(starts, device_).unsqueeze(1);
  const at::Tensor row = start - kWindowCentre + at::arange(rows, whole_numbers);  // [runs, rows]
  batch.known = at::logical_and(row >= 0, row < heard.rows).to(at::kFloat);
  const at::Tensor inside = row.clamp(0, heard.rows - 1).flatten();
  if (heard.given.defined()) {
    batch.inputs = heard.given.index_select(0, inside).view({runs, rows, -1});
    if (vary) batch.inputs = batch.inputs + heard.noise * at::randn_like(batch.inputs);
  } else {
    // A strip of the mel for each run, then of it what each row hears.
    const at::Tensor column = heard.first_column.index_select(0, inside).view({runs, rows});
    const at::Tensor left = column.narrow(1, 0, 1);
    const int64_t length = (rows * kEncoderSteps + 4) / 5 + kEncoderSteps;
    const at::Tensor columns = (left + at::arange(length, whole_numbers)).clamp_max(heard.mel.size(0) - 1);
    at::Tensor strip = heard.mel.index_select(0, columns.flatten()).view({runs, length, kMelBands});
    if (vary) strip = Varied(strip);
    const at::Tensor first = column - left + (at::arange(runs, whole_numbers) * length).unsqueeze(1);
    const at::Tensor steps = first.unsqueeze(2) + at::arange(kEncoderSteps, whole_numbers);
    batch.inputs = strip.view({runs * length, kMelBands})
                       .index_select(0, steps.flatten())
                       .view({runs * rows, kEncoderSteps, kMelBands})
                       .transpose(1, 2)
                       .reshape({runs, rows, kMelBands * kEncoderSteps});
  }
  batch.inputs = batch.inputs * batch.known.unsqueeze(2);
  if (!heard.mouth.defined()) return;
  const at::Tensor frame = (start + at::arange(frames, whole_numbers)).flatten();
  batch.mouth = heard.mouth.index_select(0, frame).view({runs, frames, kMouthParameters});
}

Batch DeviceSet::MakeBatch(const StagePlan& plan, const Rect& cells, std::span<const int64_t> starts, bool vary,
                           Random& random) const {
  at::NoGradGuard no_grad;
  const int64_t frames = plan.run_frames;
  Batch batch;
  batch.cells = cells;
  batch.pictures = plan.pictures;
  if (vary) at::manual_seed(random.Bits());
  Listen(heard_, starts, frames, vary, batch);
  if (plan.pictures == 0) return batch;

  const int cell = set_->size_px() / kCells;
  const Rect pixels{cells.x * cell, cells.y * cell, cells.width * cell, cells.height * cell};
  std::vector<int64_t> drawn, frame, reference;
  for (int64_t run = 0; run < std::ssize(starts); ++run) {
    const int64_t first = random.Below(frames - plan.pictures + 1);
    for (int64_t k = first; k < first + plan.pictures; ++k) {
      drawn.push_back(run * frames + k);
      frame.push_back(starts[static_cast<size_t>(run)] + k);
      reference.push_back(ReferenceOf(*set_, *region_, frame.back(), random));
    }
  }
  batch.drawn = Copied(drawn, device_);
  const auto part = [&](const at::Tensor& pictures, const std::vector<int64_t>& which) {
    return pictures.narrow(1, pixels.y, pixels.height)
        .narrow(2, pixels.x, pixels.width)
        .index_select(0, Copied(which, device_))
        .permute({0, 3, 1, 2})
        .to(at::kFloat)
        .div_(255);
  };
  batch.target = part(pictures_, frame);
  at::Tensor shown = part(resting_.defined() ? resting_ : pictures_, reference);
  if (pasted_.defined()) {
    const at::Tensor much = pasted_.narrow(0, pixels.y, pixels.height).narrow(1, pixels.x, pixels.width);
    shown = batch.target + (shown - batch.target) * much;
  }
  batch.image = at::cat({shown, batch.target}, 1);
  const Rect hidden = Intersection(set_->mask(), pixels);
  batch.image.narrow(1, 3, 3)
      .narrow(2, hidden.y - pixels.y, hidden.height)
      .narrow(3, hidden.x - pixels.x, hidden.width)
      .zero_();
  const at::Tensor weight = weight_.narrow(0, pixels.y, pixels.height).narrow(1, pixels.x, pixels.width);
  batch.weight = weight / weight.mean();
  return batch;
}

Batch DeviceSet::MakeMoreBatch(int64_t runs, int64_t frames, Random& random) const {
  at::NoGradGuard no_grad;
  at::manual_seed(random.Bits());
  std::vector<int64_t> starts;
  const int64_t possible = std::min(more_.mouth.size(0), more_.rows) - frames + 1;
  for (int64_t run = 0; run < runs; ++run) starts.push_back(random.Below(possible));
  Batch batch;
  Listen(more_, starts, frames, true, batch);
  return batch;
}

}  // namespace lips
