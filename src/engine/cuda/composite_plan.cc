#include "engine/cuda/composite_plan.h"

#include <algorithm>
#include <string>

#include "composite/jaw_mask.h"
#include "engine/cuda/alignment.h"
#include "image/colour_matrix.h"
#include "image/cubic_axis.h"
#include "image/mask_bounds.h"

namespace lips::cuda {
namespace {

constexpr int kMostSide = 512;  // the cells of a larger picture would not fit shared memory

int CeilDiv(int a, int b) { return (a + b - 1) / b; }

Rect Widened(const Rect& rect, int frame_width, int frame_height) {
  const int left = rect.x / 2 * 2, top = rect.y / 2 * 2;
  return {left, top, std::min(CeilDiv(rect.right(), 2) * 2, frame_width) - left,
          std::min(CeilDiv(rect.bottom(), 2) * 2, frame_height) - top};
}

// The taps of `extent` source pixels from `start` on that fill `count` pixels; where they begin in `taps`.
int Append(std::vector<CubicTaps>& taps, int size, double start, double extent, int count) {
  CubicAxis axis;
  axis.Set(size, start, extent, count);
  const int first = static_cast<int>(taps.size());
  for (size_t i = 0; i < axis.first.size(); ++i) {
    CubicTaps& one = taps.emplace_back();
    one.first = axis.first[i];
    std::copy_n(axis.factors.begin() + static_cast<ptrdiff_t>(kernels::kCubicTaps * i), kernels::kCubicTaps,
                one.factors);
  }
  return first;
}

}  // namespace

Result<CompositePlan> CompositePlan::Make(CompositeMode mode, int size_px, int crop_px, double feather) {
  if (size_px <= 0 || size_px > kMostSide || size_px % border::kCell != 0 || crop_px < size_px ||
      (crop_px - size_px) % 2 != 0) {
    return Error(ErrorCode::kUnsupported, "mouths of " + std::to_string(size_px) + " pixels in crops of " +
                                              std::to_string(crop_px) +
                                              "; a device composites mouths of up to 512 pixels, a multiple of 16, in "
                                              "the middle of crops");
  }
  CompositePlan plan;
  plan.mode_ = mode;
  plan.size_px_ = size_px;
  plan.crop_px_ = crop_px;
  if (mode == CompositeMode::kNatural) {
    plan.mask_ = JawMask(size_px, feather);
    plan.used_ = MaskBounds(plan.mask_, size_px);
  }
  return plan;
}

size_t CompositePlan::grid_bytes() const {
  const auto side = static_cast<size_t>(size_px_ / border::kCell);
  return AlignUp(side * side * kCellNumbers * sizeof(float));
}

size_t CompositePlan::scratch_bytes() const {
  if (mode_ == CompositeMode::kCompatible) return 0;
  return grid_bytes() + AlignUp(3 * static_cast<size_t>(size_px_) * static_cast<size_t>(size_px_));
}

Result<ChangedPart> CompositePlan::ChangeOf(const lips::Place& place, int frame_width, int frame_height) const {
  if (mode_ == CompositeMode::kNatural) {
    return PartChangedBy(used_, size_px_, crop_px_, place, frame_width, frame_height);
  }
  const Rect rect = NearestRect(place);
  if (rect.x < 0 || rect.y < 0 || rect.right() > frame_width || rect.bottom() > frame_height) {
    return Error(ErrorCode::kInvalidInput,
                 "a crop's place reaches beyond its frame, which compatible compositing does not allow");
  }
  return ChangedPart{rect, Rect{0, 0, crop_px_, crop_px_}};
}

Result<Rect> CompositePlan::PatchOf(const lips::Place& place, int frame_width, int frame_height) const {
  ASSIGN_OR_RETURN(const ChangedPart change, ChangeOf(place, frame_width, frame_height));
  if (change.rect.width <= 0 || change.rect.height <= 0) return Rect{};
  return Widened(change.rect, frame_width, frame_height);
}

Result<PasteList> CompositePlan::ListOf(std::span<const FrameToPaste> frames) const {
  PasteList list;
  int tiles = 0;
  for (const FrameToPaste& frame : frames) {
    ASSIGN_OR_RETURN(const ChangedPart change, ChangeOf(frame.place, frame.width, frame.height));
    PasteFrame& paste = list.frames.emplace_back();
    paste.first_tile = paste.end_tile = tiles;
    const Rect& rect = change.rect;
    if (rect.width <= 0 || rect.height <= 0) continue;
    const Rect patch = Widened(rect, frame.width, frame.height);
    paste.from = frame.from;
    paste.to = frame.to;
    paste.left = rect.x - patch.x;
    paste.top = rect.y - patch.y;
    paste.right = paste.left + rect.width;
    paste.bottom = paste.top + rect.height;
    paste.width = patch.width;
    paste.height = patch.height;
    paste.first_column = Append(list.taps, crop_px_, change.part.x, change.part.width, rect.width);
    paste.first_row = Append(list.taps, crop_px_, change.part.y, change.part.height, rect.height);
    paste.tiles_across = CeilDiv(patch.width, kTileWidth);
    tiles += paste.tiles_across * CeilDiv(patch.height, kTileHeight);
    paste.end_tile = tiles;
    paste.to_yuv = BgrToYuvFactorsOf(frame.format);
    paste.to_bgr = YuvToBgrFactorsOf(frame.format);
  }
  return list;
}

std::vector<CompositeLaunch> CompositePlan::LaunchesOf(const CompositeBindings& b) const {
  std::vector<CompositeLaunch> launches;
  launches.reserve(3);
  const int side = size_px_ / border::kCell, border = (crop_px_ - size_px_) / 2;
  Place inner = b.mouths;
  if (mode_ == CompositeMode::kNatural) {
    const Place cells = {.base = b.scratch, .image_bytes = scratch_bytes()};
    inner = {.base = b.scratch + grid_bytes(), .image_bytes = scratch_bytes()};
    launches.push_back({.args = MatchArgs{b.crops, b.mouths, cells, b.mask, size_px_, crop_px_, border},
                        .grid_x = CeilDiv(side * side, kMatchCells),
                        .grid_y = b.images,
                        .shared_bytes = kMatchShared});
    launches.push_back({.args = BlendArgs{b.crops, b.mouths, cells, inner, b.mask, size_px_, crop_px_, border},
                        .grid_x = size_px_ / kBlendRows,
                        .grid_y = b.images,
                        .shared_bytes = static_cast<size_t>(BlendShared(side))});
  }
  launches.push_back({.args = PasteArgs{.crop = b.crops,
                                        .inner = inner,
                                        .frames = b.frames,
                                        .taps = b.taps,
                                        .images = b.images,
                                        .blocks = b.paste_blocks,
                                        .size_px = size_px_,
                                        .crop_px = crop_px_,
                                        .border = border,
                                        .from_crop = mode_ == CompositeMode::kNatural ? 1 : 0},
                      .grid_x = b.paste_blocks,
                      .shared_bytes = kPasteShared});
  return launches;
}

}  // namespace lips::cuda
