#include "avatar/mask.h"

namespace lips {
namespace {

// BT.601 luma of a pixel.
double Luma(const uint8_t* bgr) { return 0.114 * bgr[0] + 0.587 * bgr[1] + 0.299 * bgr[2]; }

struct Run {
  int begin = 0;
  int end = 0;
};

// The run of elements with the largest sum (Kadane).
Run LargestSum(const std::vector<double>& values) {
  Run best;
  double best_sum = 0;
  double sum = 0;
  int begin = 0;
  for (int i = 0; i < static_cast<int>(values.size()); ++i) {
    if (sum <= 0) {
      sum = 0;
      begin = i;
    }
    sum += values[static_cast<size_t>(i)];
    if (sum > best_sum) {
      best_sum = sum;
      best = {begin, i + 1};
    }
  }
  return best;
}

}  // namespace

MaskMeter::MaskMeter(int width, int height)
    : width_(width),
      height_(height),
      evidence_(static_cast<size_t>(width) * static_cast<size_t>(height)),
      black_cost_(evidence_.size()),
      roi_energy_(evidence_.size()) {}

void MaskMeter::Add(ConstImageView roi, ConstImageView masked) {
  ++pairs_;
  size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x, ++i) {
      const double plain = Luma(roi.Row(y) + 3 * x);
      const double seen = Luma(masked.Row(y) + 3 * x);
      evidence_[i] += (seen - plain) * (seen - plain) - seen * seen;
      black_cost_[i] += seen * seen;
      roi_energy_[i] += plain * plain;
    }
  }
}

std::optional<Rect> MaskMeter::Measure() const {
  // Alternate between the axes; the first guess of the rows is the middle half.
  Run rows{height_ / 4, height_ - height_ / 4};
  Run columns;
  for (int round = 0; round < 3; ++round) {
    std::vector<double> sums(static_cast<size_t>(width_));
    for (int x = 0; x < width_; ++x) {
      for (int y = rows.begin; y < rows.end; ++y) sums[static_cast<size_t>(x)] += Evidence(x, y);
    }
    columns = LargestSum(sums);
    sums.assign(static_cast<size_t>(height_), 0);
    for (int y = 0; y < height_; ++y) {
      for (int x = columns.begin; x < columns.end; ++x) sums[static_cast<size_t>(y)] += Evidence(x, y);
    }
    rows = LargestSum(sums);
  }
  const Rect found{columns.begin, rows.begin, columns.end - columns.begin, rows.end - rows.begin};
  return IsConvincing(found) ? std::optional(found) : std::nullopt;
}

bool MaskMeter::IsConvincing(Rect found) const {
  if (pairs_ == 0 || int64_t{4} * found.width * found.height < int64_t{width_} * height_) return false;
  // Inside, nearly nothing of the ROI's energy may be left; outside, the two pictures must agree as well as two
  // encodings of one picture do.
  double left_inside = 0;
  double energy_inside = 0;
  double difference_outside = 0;
  double energy_outside = 0;
  size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x, ++i) {
      const bool inside = x >= found.x && x < found.right() && y >= found.y && y < found.bottom();
      (inside ? left_inside : difference_outside) += inside ? black_cost_[i] : evidence_[i] + black_cost_[i];
      (inside ? energy_inside : energy_outside) += roi_energy_[i];
    }
  }
  return left_inside <= 0.05 * energy_inside && difference_outside <= 0.25 * energy_outside;
}

}  // namespace lips
