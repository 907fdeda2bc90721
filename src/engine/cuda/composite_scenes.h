// For tests: batches composited where their kernels run, against the CPU's to the bit.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/cuda/composite_plan.h"
#include "image/image.h"
#include "image/random_picture.h"

namespace lips::cuda {

// Memory of its own, and kernels.
class CompositeMachine {
 public:
  virtual ~CompositeMachine() = default;
  // Memory of exactly these bytes, for as long as this lives. What goes wrong fails the test.
  virtual uint8_t* Hold(std::span<const uint8_t> bytes) = 0;
  virtual Status Run(const CompositeLaunch& launch) = 0;
  // What the memory from `held` on has now, behind all that was run.
  virtual Status Read(const uint8_t* held, std::span<uint8_t> bytes) = 0;
};

enum class Mouth { kOther, kTinted, kOwn };  // another picture; the roi in another light; the roi

struct Scene {
  lips::Place place;
  int width = 0, height = 0;  // of the frame
  YuvFormat format = {};
  Mouth mouth = Mouth::kTinted;
};

// How a batch goes through.
struct Way {
  bool nv12 = false;      // patches cut out of their frames, instead of planes of whole I420 frames
  bool in_place = false;  // the frame itself becomes the patch
  int blocks = 5;
};

// A batch of scenes, each with a crop, a mouth and a frame of its own.
struct Comparison {
  CompositeMode mode = CompositeMode::kNatural;
  int size_px = 160;
  std::vector<Scene> scenes = {};
  Way way = {};
};

inline constexpr YuvFormat kFormats[] = {{YuvMatrix::kBt601, YuvRange::kLimited},
                                         {YuvMatrix::kBt601, YuvRange::kFull},
                                         {YuvMatrix::kBt709, YuvRange::kLimited},
                                         {YuvMatrix::kBt709, YuvRange::kFull}};

// Between pixels; at odd edges; beyond each side of the frame, of even and odd size.
inline std::vector<Scene> Places() {
  return {
      {{20.3, 11.7, 61.4, 60.2}, 96, 84, kFormats[0]},
      {{21, 13, 63, 41}, 97, 71, kFormats[1], Mouth::kOther},
      {{-17.2, -9.5, 80.1, 77.7}, 75, 81, kFormats[2]},
      {{31.9, 25.2, 70.3, 90.8}, 83, 91, kFormats[3], Mouth::kOther},
      {{-20.5, 3.1, 120.2, 120.9}, 71, 113, kFormats[0]},
      {{5.5, -8.25, 40.7, 44.6}, 50, 28, kFormats[3]},
  };
}

inline std::vector<Comparison> NaturalComparisons() {
  const std::vector<Scene> places = Places();
  return {{.scenes = {places.begin(), places.begin() + 3}},
          {.scenes = {places.begin() + 3, places.end()}, .way = {.nv12 = true}},
          {.size_px = 320, .scenes = {places[0]}, .way = {.in_place = true}},
          {.size_px = 320, .scenes = {places[4]}, .way = {.blocks = 100}}};
}

// One cell, and grids whose sides are odd.
inline std::vector<Comparison> SmallComparisons() {
  std::vector<Comparison> all;
  for (const int size : {16, 32, 48, 112}) all.push_back({.size_px = size, .scenes = {Places()[0], Places()[2]}});
  return all;
}

inline std::vector<Comparison> CompatibleComparisons() {
  constexpr CompositeMode kMode = CompositeMode::kCompatible;
  const std::vector<Scene> scenes = {
      {{20.3, 11.7, 61.4, 60.2}, 96, 84, kFormats[0]},
      {{21, 13, 63, 41}, 97, 71, kFormats[1], Mouth::kOther},
      {{0, 0, 75, 81}, 75, 81, kFormats[2], Mouth::kOther},
      {{13, 0, 70, 91}, 83, 91, kFormats[3]},
  };
  return {{.mode = kMode, .scenes = {scenes.begin(), scenes.begin() + 2}},
          {.mode = kMode, .scenes = {scenes.begin() + 2, scenes.end()}, .way = {.nv12 = true}},
          {.mode = kMode, .size_px = 320, .scenes = {scenes[1], scenes[2]}, .way = {.in_place = true}}};
}

inline Comparison OwnMouthComparison() {
  Scene scene = Places()[2];
  scene.mouth = Mouth::kOwn;
  return {.scenes = {scene}, .way = {.in_place = true}};
}

// A place without a pixel of the frame, or of no size, among others and without them.
inline std::vector<Comparison> EmptyComparisons() {
  const Scene outside = {{200, 10, 60, 60}, 96, 84, kFormats[0]}, empty = {{10, 10, 0, 60}, 96, 84, kFormats[0]};
  return {{.size_px = 32, .scenes = {outside, Places()[0], empty, Places()[1], outside}, .way = {.blocks = 3}},
          {.size_px = 32, .scenes = {empty, outside}}};
}

// A patch's planes in memory of their own, with a margin that nobody may touch.
class PatchBuffer {
 public:
  PatchBuffer(const Rect& patch, bool nv12) : patch_(patch), nv12_(nv12) {
    const int across = (patch.width + 1) / 2, down = (patch.height + 1) / 2;
    stride_ = patch.width + 3;
    chroma_stride_ = (nv12 ? 2 * across : across) + 3;
    chroma_at_ = size(stride_ * patch.height);
    second_at_ = chroma_at_ + (nv12 ? 1 : size(chroma_stride_ * down));
    bytes_.assign(second_at_ + size(chroma_stride_ * down), kUntouched);
  }

  std::span<uint8_t> bytes() { return bytes_; }
  // Where the bytes lie at `base`.
  FramePlanes PlanesAt(uint8_t* base) const {
    return {base, base + chroma_at_, base + second_at_, stride_, chroma_stride_, nv12_ ? 2 : 1};
  }
  // Copies the frame's samples there in, or these out.
  void Exchange(YuvView frame, bool in) {
    const FramePlanes p = PlanesAt(bytes_.data());
    std::vector<bool> is_sample(bytes_.size());
    const auto one = [&](uint8_t* mine, uint8_t* other) {
      *(in ? mine : other) = *(in ? other : mine);
      is_sample[size(static_cast<int>(mine - bytes_.data()))] = true;
    };
    for (int y = 0; y < patch_.height; ++y) {
      for (int x = 0; x < patch_.width; ++x) {
        one(p.y + y * p.stride + x, frame.y.Row(patch_.y + y) + patch_.x + x);
        if (x % 2 != 0 || y % 2 != 0) continue;
        const int at = y / 2 * p.chroma_stride + x / 2 * p.chroma_step;
        one(p.u + at, frame.u.Row((patch_.y + y) / 2) + (patch_.x + x) / 2);
        one(p.v + at, frame.v.Row((patch_.y + y) / 2) + (patch_.x + x) / 2);
      }
    }
    for (size_t i = 0; i < bytes_.size(); ++i) EXPECT_TRUE(is_sample[i] || bytes_[i] == kUntouched);
  }

 private:
  static constexpr uint8_t kUntouched = 0xa5;
  static size_t size(int n) { return static_cast<size_t>(n); }
  Rect patch_;
  bool nv12_;
  int stride_ = 0, chroma_stride_ = 0;
  size_t chroma_at_ = 0, second_at_ = 0;
  std::vector<uint8_t> bytes_;
};

inline std::span<uint8_t> BytesOf(YuvImage& frame) { return {frame.view().y.data, frame.bytes()}; }
template <typename T>
std::span<const uint8_t> BytesOf(const std::vector<T>& many) {
  return {reinterpret_cast<const uint8_t*>(many.data()), many.size() * sizeof(T)};
}

// The planes of a whole frame that lies at `base`, from the patch on.
inline FramePlanes PlanesAt(YuvView frame, uint8_t* base, const Rect& patch) {
  uint8_t *const u = base + (frame.u.data - frame.y.data), *const v = base + (frame.v.data - frame.y.data);
  const auto stride = static_cast<int>(frame.y.stride_bytes), chroma_stride = static_cast<int>(frame.u.stride_bytes);
  const int chroma = patch.y / 2 * chroma_stride + patch.x / 2;
  return {base + patch.y * stride + patch.x, u + chroma, v + chroma, stride, chroma_stride, 1};
}

inline Image MouthOf(const Image& crop, int size_px, Mouth kind, std::mt19937& rng) {
  if (kind == Mouth::kOther) return RandomPicture(rng, size_px, size_px);
  Image mouth(size_px, size_px);
  CopyPixels(crop.view().Crop({4, 4, size_px, size_px}), mouth.view());
  if (kind == Mouth::kOwn) return mouth;
  for (int y = 0; y < size_px; ++y) {
    for (int i = 0; i < 3 * size_px; ++i) {
      const int tint = 9 - 40 * y / size_px + 7 * i / size_px + static_cast<int>(rng() % 5);
      uint8_t& sample = mouth.view().Row(y)[i];
      sample = static_cast<uint8_t>(std::clamp(sample + tint, 0, 255));
    }
  }
  return mouth;
}

// What the mask leaves out nobody need have written.
inline void Poison(std::vector<uint8_t>& mouths, const std::vector<uint8_t>& mask) {
  for (size_t i = 0; i < mouths.size() && !mask.empty(); ++i) {
    if (mask[i / 3 % mask.size()] == 0) mouths[i] = static_cast<uint8_t>(~mouths[i]);
  }
}

inline void ExpectSame(YuvImage& a, YuvImage& b) {
  const auto first = BytesOf(a), second = BytesOf(b);
  ASSERT_EQ(first.size(), second.size());
  const auto at = std::ranges::mismatch(first, second).in1 - first.begin();
  if (static_cast<size_t>(at) == first.size()) return;
  ADD_FAILURE() << int{first[static_cast<size_t>(at)]} << " for " << int{second[static_cast<size_t>(at)]}
                << " at sample " << at;
}

inline void Compare(CompositeMachine& machine, const Comparison& what) {
  std::mt19937 rng{11};
  const int crop_px = what.size_px + 8;
  const size_t crop_bytes = size_t{3} * static_cast<size_t>(crop_px * crop_px);
  const size_t mouth_bytes = size_t{3} * static_cast<size_t>(what.size_px * what.size_px);
  const auto plan = CompositePlan::Make(what.mode, what.size_px, crop_px);
  ASSERT_TRUE(plan.ok()) << plan.error().message();
  const auto composite = MakeComposite(what.mode);
  std::vector<uint8_t> mouths;
  std::vector<uint8_t*> table, held;
  std::vector<YuvImage> frames, expected;
  std::vector<PatchBuffer> before, after;
  std::vector<FrameToPaste> to_paste;
  for (const Scene& scene : what.scenes) {
    const Image crop = SmoothPicture(rng, crop_px, crop_px);
    table.push_back(machine.Hold({crop.view().data, crop_bytes}));
    const Image mouth = MouthOf(crop, what.size_px, scene.mouth, rng);
    mouths.insert(mouths.end(), mouth.view().data, mouth.view().data + mouth_bytes);
    YuvImage& frame = frames.emplace_back(RandomYuv(rng, scene.width, scene.height, scene.format));
    expected.push_back(frame.Clone());
    composite->Paste(crop.view(), mouth.view(), scene.place, expected.back().view());
    if (scene.mouth == Mouth::kOwn && what.mode == CompositeMode::kNatural) ExpectSame(expected.back(), frame);

    const Rect patch = plan.value().PatchOf(scene.place, scene.width, scene.height).value();
    before.emplace_back(patch, what.way.nv12);
    after.emplace_back(patch, what.way.nv12);
    if (what.way.nv12) before.back().Exchange(frame.view(), true);
    uint8_t* const from = machine.Hold(what.way.nv12 ? before.back().bytes() : BytesOf(frame));
    held.push_back(what.way.in_place ? from : machine.Hold(after.back().bytes()));
    const FramePlanes planes = what.way.nv12 ? before.back().PlanesAt(from) : PlanesAt(frame.view(), from, patch);
    to_paste.push_back({scene.place, scene.width, scene.height, scene.format, planes,
                        what.way.in_place ? planes : after.back().PlanesAt(held.back())});
  }
  const auto list = plan.value().ListOf(to_paste);
  ASSERT_TRUE(list.ok()) << list.error().message();
  Poison(mouths, plan.value().mask());
  const std::vector<Piece> scratch(plan.value().scratch_bytes() * what.scenes.size() / sizeof(Piece),
                                   Piece{{~0u, ~0u, ~0u, ~0u}});
  const auto launches = plan.value().LaunchesOf(
      {.crops = {.table = reinterpret_cast<uint8_t**>(machine.Hold(BytesOf(table)))},
       .mouths = {.base = machine.Hold(mouths), .image_bytes = mouth_bytes},
       .mask = machine.Hold(plan.value().mask()),
       .scratch = machine.Hold(BytesOf(scratch)),
       .frames = reinterpret_cast<const PasteFrame*>(machine.Hold(BytesOf(list.value().frames))),
       .taps = reinterpret_cast<const CubicTaps*>(machine.Hold(BytesOf(list.value().taps))),
       .images = static_cast<int>(what.scenes.size()),
       .paste_blocks = what.way.blocks});
  if (::testing::Test::HasFailure()) return;
  for (const CompositeLaunch& launch : launches) {
    const Status status = machine.Run(launch);
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    SCOPED_TRACE("scene " + std::to_string(i));
    PatchBuffer& patch = what.way.in_place ? before[i] : after[i];
    const bool whole = what.way.in_place && !what.way.nv12;
    const Status status = machine.Read(held[i], whole ? BytesOf(frames[i]) : patch.bytes());
    ASSERT_TRUE(status.ok()) << status.error().message();
    if (!whole) patch.Exchange(frames[i].view(), false);
    ExpectSame(frames[i], expected[i]);
  }
}

}  // namespace lips::cuda
