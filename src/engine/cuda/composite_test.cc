// Compositing as a device does it, in the simulator, against the CPU's to the bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/cuda/composite_plan.h"
#include "engine/cuda/sanitized.h"
#include "engine/cuda/simulator.h"
#include "image/image.h"
#include "image/random_picture.h"

namespace lips::cuda {
namespace {

enum class Mouth { kOther, kTinted, kOwn };  // another picture; the roi in another light; the roi

struct Scene {
  lips::Place place;
  int width = 0, height = 0;  // of the frame
  YuvFormat format = {};
  Mouth mouth = Mouth::kTinted;
};

// How a batch goes through the simulator.
struct Way {
  bool nv12 = false;      // patches cut out of their frames, instead of planes of whole I420 frames
  bool in_place = false;  // the frame itself becomes the patch
  int blocks = 5;
  unsigned order = 1;  // of threads
};

constexpr uint8_t kUntouched = 0xa5;
constexpr YuvFormat kFormats[] = {{YuvMatrix::kBt601, YuvRange::kLimited},
                                  {YuvMatrix::kBt601, YuvRange::kFull},
                                  {YuvMatrix::kBt709, YuvRange::kLimited},
                                  {YuvMatrix::kBt709, YuvRange::kFull}};

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

  FramePlanes planes() {
    return {bytes_.data(), bytes_.data() + chroma_at_, bytes_.data() + second_at_, stride_, chroma_stride_,
            nv12_ ? 2 : 1};
  }
  // Copies the frame's samples there in, or these out.
  void Exchange(YuvView frame, bool in) {
    const FramePlanes p = planes();
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
  static size_t size(int n) { return static_cast<size_t>(n); }
  Rect patch_;
  bool nv12_;
  int stride_ = 0, chroma_stride_ = 0;
  size_t chroma_at_ = 0, second_at_ = 0;
  std::vector<uint8_t> bytes_;
};

// The planes of a whole frame, from the patch on.
FramePlanes PlanesAt(YuvView frame, const Rect& patch) {
  return {frame.y.Row(patch.y) + patch.x,         frame.u.Row(patch.y / 2) + patch.x / 2,
          frame.v.Row(patch.y / 2) + patch.x / 2, static_cast<int>(frame.y.stride_bytes),
          static_cast<int>(frame.u.stride_bytes), 1};
}

class CudaComposite : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer loses its way in fibers; there is one thread here";
  }

  // A batch of scenes, each with a crop, a mouth and a frame of its own.
  void Compare(CompositeMode mode, int size_px, const std::vector<Scene>& scenes, const Way& way = {}) {
    const int crop_px = size_px + 8;
    const auto plan = CompositePlan::Make(mode, size_px, crop_px);
    ASSERT_TRUE(plan.ok()) << plan.error().message();
    const auto composite = MakeComposite(mode);
    const size_t mouth_bytes = size_t{3} * static_cast<size_t>(size_px * size_px);
    std::vector<uint8_t> mouths;
    std::vector<Image> crops;
    std::vector<uint8_t*> table;
    std::vector<YuvImage> frames, expected;
    std::vector<Rect> patches;
    std::vector<PatchBuffer> before, after;
    std::vector<FrameToPaste> to_paste;
    for (const Scene& scene : scenes) {
      crops.push_back(SmoothPicture(rng_, crop_px, crop_px));
      const Image mouth = MouthOf(crops.back(), size_px, scene.mouth);
      mouths.insert(mouths.end(), mouth.view().data, mouth.view().data + mouth_bytes);
      frames.push_back(RandomYuv(rng_, scene.width, scene.height, scene.format));
      expected.push_back(frames.back().Clone());
      composite->Paste(crops.back().view(), mouth.view(), scene.place, expected.back().view());
      if (scene.mouth == Mouth::kOwn && mode == CompositeMode::kNatural) ExpectSame(expected.back(), frames.back());
      patches.push_back(plan.value().PatchOf(scene.place, scene.width, scene.height).value());
      before.emplace_back(patches.back(), way.nv12);
      after.emplace_back(patches.back(), way.nv12);
    }
    for (size_t i = 0; i < scenes.size(); ++i) {
      table.push_back(crops[i].view().data);
      if (way.nv12) before[i].Exchange(frames[i].view(), true);
      const FramePlanes whole = patches[i].width > 0 ? PlanesAt(frames[i].view(), patches[i]) : FramePlanes{};
      to_paste.push_back({scenes[i].place, scenes[i].width, scenes[i].height, scenes[i].format,
                          way.nv12 ? before[i].planes() : whole, way.in_place ? whole : after[i].planes()});
    }
    const auto list = plan.value().ListOf(to_paste);
    ASSERT_TRUE(list.ok()) << list.error().message();
    const auto& mask = plan.value().mask();
    Poison(mouths, mask);
    std::vector<Piece> scratch(plan.value().scratch_bytes() * scenes.size() / sizeof(Piece) + 1,
                               Piece{{~0u, ~0u, ~0u, ~0u}});
    const auto launches = plan.value().LaunchesOf({.crops = {.table = table.data()},
                                                   .mouths = {.base = mouths.data(), .image_bytes = mouth_bytes},
                                                   .mask = mask.data(),
                                                   .scratch = reinterpret_cast<uint8_t*>(scratch.data()),
                                                   .frames = list.value().frames.data(),
                                                   .taps = list.value().taps.data(),
                                                   .images = static_cast<int>(scenes.size()),
                                                   .paste_blocks = way.blocks});
    for (const CompositeLaunch& launch : launches) {
      const Status status = Simulate(launch, way.order);
      ASSERT_TRUE(status.ok()) << status.error().message();
    }
    for (size_t i = 0; i < scenes.size(); ++i) {
      SCOPED_TRACE("scene " + std::to_string(i));
      if (!way.in_place) after[i].Exchange(frames[i].view(), false);
      ExpectSame(frames[i], expected[i]);
    }
  }

 private:
  Image MouthOf(const Image& crop, int size_px, Mouth kind) {
    if (kind == Mouth::kOther) return RandomPicture(rng_, size_px, size_px);
    Image mouth(size_px, size_px);
    CopyPixels(crop.view().Crop({4, 4, size_px, size_px}), mouth.view());
    if (kind == Mouth::kOwn) return mouth;
    for (int y = 0; y < size_px; ++y) {
      for (int i = 0; i < 3 * size_px; ++i) {
        const int tint = 9 - 40 * y / size_px + 7 * i / size_px + static_cast<int>(rng_() % 5);
        uint8_t& sample = mouth.view().Row(y)[i];
        sample = static_cast<uint8_t>(std::clamp(sample + tint, 0, 255));
      }
    }
    return mouth;
  }
  // What the mask leaves out nobody need have written.
  static void Poison(std::vector<uint8_t>& mouths, const std::vector<uint8_t>& mask) {
    if (mask.empty()) return;
    for (size_t i = 0; i < mouths.size(); ++i) {
      if (mask[i / 3 % mask.size()] == 0) mouths[i] = static_cast<uint8_t>(~mouths[i]);
    }
  }
  static void ExpectSame(const YuvImage& a, const YuvImage& b) {
    ASSERT_EQ(a.bytes(), b.bytes());
    const auto [first, second] = std::mismatch(a.view().y.data, a.view().y.data + a.bytes(), b.view().y.data);
    EXPECT_EQ(first, a.view().y.data + a.bytes())
        << int{*first} << " for " << int{*second} << " at sample " << first - a.view().y.data;
  }

  std::mt19937 rng_{11};
};

// Between pixels; at odd edges; beyond each side of the frame, of even and odd size.
std::vector<Scene> Places() {
  return {
      {{20.3, 11.7, 61.4, 60.2}, 96, 84, kFormats[0]},
      {{21, 13, 63, 41}, 97, 71, kFormats[1], Mouth::kOther},
      {{-17.2, -9.5, 80.1, 77.7}, 75, 81, kFormats[2]},
      {{31.9, 25.2, 70.3, 90.8}, 83, 91, kFormats[3], Mouth::kOther},
      {{-20.5, 3.1, 120.2, 120.9}, 71, 113, kFormats[0]},
      {{5.5, -8.25, 40.7, 44.6}, 50, 28, kFormats[3]},
  };
}

TEST_F(CudaComposite, NaturalIsTheCpusToTheBit) {
  const std::vector<Scene> places = Places();
  Compare(CompositeMode::kNatural, 160, {places.begin(), places.begin() + 3});
  Compare(CompositeMode::kNatural, 160, {places.begin() + 3, places.end()}, {.nv12 = true, .order = 2});
  Compare(CompositeMode::kNatural, 320, {places[0]}, {.in_place = true, .order = 3});
  Compare(CompositeMode::kNatural, 320, {places[4]}, {.blocks = 100});
}

// One cell, and grids whose sides are odd.
TEST_F(CudaComposite, SmallMouthsHaveFewCells) {
  for (const int size : {16, 32, 48, 112}) Compare(CompositeMode::kNatural, size, {Places()[0], Places()[2]});
}

TEST_F(CudaComposite, CompatibleIsTheCpusToTheBit) {
  const std::vector<Scene> scenes = {
      {{20.3, 11.7, 61.4, 60.2}, 96, 84, kFormats[0]},
      {{21, 13, 63, 41}, 97, 71, kFormats[1], Mouth::kOther},
      {{0, 0, 75, 81}, 75, 81, kFormats[2], Mouth::kOther},
      {{13, 0, 70, 91}, 83, 91, kFormats[3]},
  };
  Compare(CompositeMode::kCompatible, 160, {scenes.begin(), scenes.begin() + 2});
  Compare(CompositeMode::kCompatible, 160, {scenes.begin() + 2, scenes.end()}, {.nv12 = true, .order = 2});
  Compare(CompositeMode::kCompatible, 320, {scenes[1], scenes[2]}, {.in_place = true, .order = 3});
}

TEST_F(CudaComposite, TheTemplatesOwnMouthChangesNoBit) {
  Scene scene = Places()[2];
  scene.mouth = Mouth::kOwn;
  Compare(CompositeMode::kNatural, 160, {scene}, {.in_place = true});
}

// A place without a pixel of the frame, or of no size, leaves the others of its batch alone.
TEST_F(CudaComposite, FramesWithNothingToChangeAreLeftOut) {
  const Scene outside = {{200, 10, 60, 60}, 96, 84, kFormats[0]}, empty = {{10, 10, 0, 60}, 96, 84, kFormats[0]};
  Compare(CompositeMode::kNatural, 32, {outside, Places()[0], empty, Places()[1], outside}, {.blocks = 3});
  Compare(CompositeMode::kNatural, 32, {empty, outside});
}

TEST_F(CudaComposite, RefusesWhatNoKernelDoes) {
  for (const auto& [size, crop] : {std::pair{0, 8}, {24, 32}, {528, 536}, {160, 152}, {160, 167}}) {
    const auto plan = CompositePlan::Make(CompositeMode::kNatural, size, crop);
    ASSERT_FALSE(plan.ok()) << size << " in " << crop;
    EXPECT_EQ(plan.error().code(), ErrorCode::kUnsupported);
  }
  const auto plan = CompositePlan::Make(CompositeMode::kCompatible, 160, 168);
  ASSERT_TRUE(plan.ok());
  const FrameToPaste beyond = {.place = {-1, 0, 50, 50}, .width = 96, .height = 84, .format = {}, .from = {}, .to = {}};
  EXPECT_EQ(plan.value().ListOf({&beyond, 1}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(plan.value().PatchOf({60, 40, 30, 50}, 96, 84).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lips::cuda
