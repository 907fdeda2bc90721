#include "train/mouth_region.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace lips {
namespace {

constexpr double kTail = 0.05;             // of the motion, left out on either side of the box
constexpr double kCropHolds = 0.93;        // of the motion
constexpr float kMostWeight = 5.0f;        // on top of 1
constexpr int kGrid = 20;                  // a side, of what is compared to find frames that look alike
constexpr int64_t kMostCandidates = 1500;  // frames to choose from
constexpr int64_t kSameMoment = 12;        // frames: half a second
constexpr int kNotWanted = 1'000'000'000;
constexpr double kStillPixel = 0.004;  // motion of codec noise, in units of the whole range
// Where a mouth may be, in faces cut out by the family's rule: middle and deviation along x and y, in picture sizes.
constexpr std::array<double, 2> kMouthMiddle = {0.48, 0.46};
constexpr std::array<double, 2> kMouthDeviation = {0.2, 0.14};

// Mean absolute difference of each pixel, [S, S] in 0..1, over sampled pairs of pictures.
Result<std::vector<double>> Motion(const TrainingSet& set, int64_t samples) {
  const int size = set.size_px();
  std::vector<double> motion(static_cast<size_t>(size) * static_cast<size_t>(size), 0.0);
  const bool resting = set.faces().header().has_resting;
  const int64_t last = set.frames() - (resting ? 1 : 3);
  const int64_t count = std::min(samples, last + 1);
  Image a;
  Image b;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t frame = count > 1 ? last * k / (count - 1) : 0;
    RETURN_IF_ERROR(set.faces().Read(frame, FaceKind::kTarget, a));
    RETURN_IF_ERROR(set.faces().Read(resting ? frame : frame + 2, resting ? FaceKind::kResting : FaceKind::kTarget, b));
    for (int y = 0; y < size; ++y) {
      const uint8_t* left = a.view().Row(y);
      const uint8_t* right = b.view().Row(y);
      double* to = motion.data() + static_cast<size_t>(y) * static_cast<size_t>(size);
      for (int x = 0; x < size; ++x) {
        int sum = 0;
        for (int c = 0; c < 3; ++c) sum += std::abs(left[3 * x + c] - right[3 * x + c]);
        to[x] += sum / (3.0 * 255 * static_cast<double>(count));
      }
    }
  }
  for (double& value : motion) value = std::max(0.0, value - kStillPixel);
  if (resting) return motion;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double across = ((x + 0.5) / size - kMouthMiddle[0]) / kMouthDeviation[0];
      const double down = ((y + 0.5) / size - kMouthMiddle[1]) / kMouthDeviation[1];
      motion[static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(x)] *=
          std::exp(-(across * across + down * down) / 2);
    }
  }
  return motion;
}

// The half-open span that leaves kTail of the sum on either side.
std::pair<int, int> Middle(const std::vector<double>& sums) {
  double total = 0;
  for (const double sum : sums) total += sum;
  const int size = static_cast<int>(sums.size());
  if (total <= 0) return {size / 4, size - size / 4};
  int first = 0;
  int last = size;
  for (double run = 0; first < size && (run += sums[static_cast<size_t>(first)]) < kTail * total;) ++first;
  for (double run = 0; last > first + 1 && (run += sums[static_cast<size_t>(last - 1)]) < kTail * total;) --last;
  return {first, last};
}

void BlurAlong(std::vector<double>& map, int size, int radius, bool down) {
  const auto n = static_cast<size_t>(size);
  std::vector<double> line(n);
  for (size_t k = 0; k < n; ++k) {
    const auto at = [&](size_t i) -> double& { return down ? map[i * n + k] : map[k * n + i]; };
    for (int i = 0; i < size; ++i) {
      double sum = 0;
      const int low = std::max(0, i - radius);
      const int high = std::min(size - 1, i + radius);
      for (int j = low; j <= high; ++j) sum += at(static_cast<size_t>(j));
      line[static_cast<size_t>(i)] = sum / (high - low + 1);
    }
    for (size_t i = 0; i < n; ++i) at(i) = line[i];
  }
}

Rect BestCells(const std::vector<double>& motion, int size) {
  const int cell = size / kCells;
  const auto mass = [&](const Rect& cells) {
    double sum = 0;
    for (int y = cells.y * cell; y < cells.bottom() * cell; ++y) {
      for (int x = cells.x * cell; x < cells.right() * cell; ++x) {
        sum += motion[static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(x)];
      }
    }
    return sum;
  };
  const double total = mass({0, 0, kCells, kCells});
  Rect best;
  for (int side = 5; side <= 7; ++side) {
    double most = -1;
    for (int y = 0; y + side <= kCells; ++y) {
      for (int x = 0; x + side <= kCells; ++x) {
        const Rect cells{x, y, side, side};
        if (const double sum = mass(cells); sum > most) {
          most = sum;
          best = cells;
        }
      }
    }
    if (most >= kCropHolds * total) break;
  }
  return best;
}

// 1 in the mouth's box and what a jaw takes along, fading out around it.
std::vector<float> PastedPart(const Rect& box, int size) {
  const double fade = 0.04 * size;
  const double left = box.x - 0.15 * box.width;
  const double right = box.right() + 0.15 * box.width;
  const double top = box.y - 0.1 * box.height;
  const double bottom = box.bottom() + 0.6 * box.height;
  std::vector<float> part;
  part.reserve(static_cast<size_t>(size) * static_cast<size_t>(size));
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double outside = std::max({left - x, x + 1 - right, top - y, y + 1 - bottom, 0.0});
      part.push_back(static_cast<float>(std::max(0.0, 1 - outside / fade)));
    }
  }
  return part;
}

// Pictures [kGrid, kGrid] of lightness where nothing is pasted, all of them one after the other.
Result<std::vector<uint8_t>> Surroundings(const TrainingSet& set, const std::vector<float>& pasted) {
  const int size = set.size_px();
  const int cell = size / kGrid;
  std::vector<uint8_t> all;
  all.reserve(static_cast<size_t>(set.frames()) * kGrid * kGrid);
  Image picture;
  for (int64_t frame = 0; frame < set.frames(); ++frame) {
    RETURN_IF_ERROR(set.faces().Read(frame, FaceKind::kTarget, picture));
    for (int row = 0; row < kGrid; ++row) {
      for (int column = 0; column < kGrid; ++column) {
        float sum = 0;
        for (int y = row * cell; y < (row + 1) * cell; ++y) {
          const uint8_t* pixel = picture.view().Row(y) + ptrdiff_t{3} * column * cell;
          const float* hidden = pasted.data() + ptrdiff_t{y} * size + ptrdiff_t{column} * cell;
          for (int x = 0; x < cell; ++x, pixel += 3) {
            sum += (1 - hidden[x]) * static_cast<float>(pixel[0] + pixel[1] + pixel[2]);
          }
        }
        all.push_back(static_cast<uint8_t>(sum / static_cast<float>(3 * cell * cell)));
      }
    }
  }
  return all;
}

// MouthRegion::alike.
Result<std::vector<int64_t>> FindAlike(const TrainingSet& set, const std::vector<float>& pasted) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> surroundings, Surroundings(set, pasted));
  const std::vector<int64_t>& learned = set.LearnedFrames();
  const auto step = static_cast<size_t>((std::ssize(learned) + kMostCandidates - 1) / kMostCandidates);
  std::vector<int64_t> alike;
  std::vector<std::pair<int, int64_t>> found;  // distance, frame
  constexpr size_t kEach = size_t{kGrid} * kGrid;
  for (int64_t frame = 0; frame < set.frames(); ++frame) {
    found.clear();
    const uint8_t* own = surroundings.data() + static_cast<size_t>(frame) * kEach;
    for (size_t k = static_cast<size_t>(frame) % step; k < learned.size(); k += step) {
      if (learned[k] == frame) continue;
      const uint8_t* other = surroundings.data() + static_cast<size_t>(learned[k]) * kEach;
      int distance = 0;
      for (size_t i = 0; i < kEach; ++i) distance += (own[i] - other[i]) * (own[i] - other[i]);
      // What was said at about the same moment is not to be shown; it is taken only where there is nothing else.
      if (std::abs(learned[k] - frame) <= kSameMoment) distance += kNotWanted;
      found.emplace_back(distance, learned[k]);
    }
    const auto count = std::min<ptrdiff_t>(kAlike, std::ssize(found));
    std::partial_sort(found.begin(), found.begin() + count, found.end());
    for (ptrdiff_t k = 0; k < kAlike; ++k) alike.push_back(found[static_cast<size_t>(k % count)].second);
  }
  return alike;
}

}  // namespace

Result<MouthRegion> FindMouth(const TrainingSet& set, bool paste, int64_t samples) {
  ASSIGN_OR_RETURN(std::vector<double> motion, Motion(set, samples));
  const int size = set.size_px();
  const auto n = static_cast<size_t>(size);
  std::vector<double> columns(n, 0.0);
  std::vector<double> rows(n, 0.0);
  const Rect mask = set.mask();
  for (size_t y = 0; y < n; ++y) {
    for (size_t x = 0; x < n; ++x) {
      const bool inside = static_cast<int>(x) >= mask.x && static_cast<int>(x) < mask.right() &&
                          static_cast<int>(y) >= mask.y && static_cast<int>(y) < mask.bottom();
      double& value = motion[y * n + x];
      if (!inside) value = 0;  // the network is shown these pixels
      columns[x] += value;
      rows[y] += value;
    }
  }
  MouthRegion region;
  const auto [left, right] = Middle(columns);
  const auto [top, bottom] = Middle(rows);
  region.box = {left, top, right - left, bottom - top};
  region.crop_cells = BestCells(motion, size);
  if (paste && !set.faces().header().has_resting) {
    region.pasted = PastedPart(region.box, size);
    ASSIGN_OR_RETURN(region.alike, FindAlike(set, region.pasted));
  }
  for (int pass = 0; pass < 2; ++pass) {
    BlurAlong(motion, size, size / 40, false);
    BlurAlong(motion, size, size / 40, true);
  }
  const double most = *std::ranges::max_element(motion);
  region.weight.reserve(motion.size());
  for (const double value : motion) {
    const double share = most > 0 ? std::min(1.0, 2 * value / most) : 0;
    region.weight.push_back(1 + kMostWeight * static_cast<float>(share));
  }
  return region;
}

int64_t ReferenceOf(const TrainingSet& set, const MouthRegion& region, int64_t frame, Random& random) {
  if (set.faces().header().has_resting) return frame;
  const std::span<const int64_t> possible = region.alike.empty() ? set.LearnedFrames() : region.AlikeOf(frame);
  return possible[static_cast<size_t>(random.Below(std::ssize(possible)))];
}

}  // namespace lips
