#include "composite/compatible.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "image/colour.h"
#include "image/difference.h"
#include "image/random_picture.h"

namespace lips {
namespace {

cv::Mat Wrap(ConstImageView view) {  // read only, although cv::Mat cannot say so
  return {view.height, view.width, CV_8UC3, const_cast<uint8_t*>(view.data), static_cast<size_t>(view.stride_bytes)};
}

// The reference as spec.md 4 tells it, in OpenCV's words.
void ReferencePaste(ConstImageView crop, ConstImageView mouth, Rect rect, ImageView frame) {
  const int border = (crop.width - mouth.width) / 2;
  cv::Mat canvas = Wrap(crop).clone();
  Wrap(mouth).copyTo(canvas(cv::Rect(border, border, mouth.width, mouth.height)));
  cv::Mat resized;
  cv::resize(canvas, resized, cv::Size(rect.width, rect.height), 0, 0, cv::INTER_CUBIC);
  resized.copyTo(Wrap(frame)(cv::Rect(rect.x, rect.y, rect.width, rect.height)));
}

Rect RandomRect(int width, int height) {
  Rect rect;
  rect.x = *rc::gen::inRange(0, width);
  rect.y = *rc::gen::inRange(0, height);
  rect.width = *rc::gen::inRange(1, width - rect.x + 1);
  rect.height = *rc::gen::inRange(1, height - rect.y + 1);
  return rect;
}

// The family's two sizes, the 160-pixel model twice as often because it is quicker.
struct Sizes {
  int crop;
  int mouth;
};
Sizes RandomSizes() { return *rc::gen::elementOf(std::vector<Sizes>{{168, 160}, {328, 320}, {168, 160}}); }

RC_GTEST_PROP(CompatiblePaste, EqualsOpenCvInTheRectAndTouchesNothingElse, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const Sizes sizes = RandomSizes();
  const Image crop = RandomPicture(rng, sizes.crop, sizes.crop), mouth = RandomPicture(rng, sizes.mouth, sizes.mouth);
  const Image before = RandomPicture(rng, 211, 197);
  const Rect rect = RandomRect(211, 197);
  Image got = before.Clone(), want = before.Clone();
  CompatibleComposite().Paste(crop.view(), mouth.view(), rect, got.view());
  ReferencePaste(crop.view(), mouth.view(), rect, want.view());
  int worst_inside = 0, changed_outside = 0;
  for (int y = 0; y < 197; ++y) {
    for (int x = 0; x < 211 * 3; ++x) {
      const bool inside = x >= 3 * rect.x && x < 3 * rect.right() && y >= rect.y && y < rect.bottom();
      const int sample = got.view().Row(y)[x];
      if (inside) worst_inside = std::max(worst_inside, std::abs(sample - want.view().Row(y)[x]));
      if (!inside && sample != before.view().Row(y)[x]) ++changed_outside;
    }
  }
  RC_ASSERT(worst_inside <= 1);
  RC_ASSERT(changed_outside == 0);
}

bool SameSamples(const YuvImage& a, const YuvImage& b) {
  return std::equal(a.view().y.data, a.view().y.data + a.bytes(), b.view().y.data);
}

// The whole frame through BGR, and back as a difference: the same samples as converting the rectangle alone.
RC_GTEST_PROP(CompatiblePaste, IntoYuvIsTheDifferenceThatTheBgrPasteMakes, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const Sizes sizes = RandomSizes();
  const Image crop = RandomPicture(rng, sizes.crop, sizes.crop), mouth = RandomPicture(rng, sizes.mouth, sizes.mouth);
  const YuvFormat format = {*rc::gen::element(YuvMatrix::kBt601, YuvMatrix::kBt709),
                            *rc::gen::element(YuvRange::kLimited, YuvRange::kFull)};
  YuvImage got = RandomYuv(rng, 211, 197, format), want = got.Clone();
  const Rect rect = RandomRect(211, 197);
  CompatibleComposite composite;

  Image was(211, 197);
  YuvToBgr(want.view(), was.view());
  Image now = was.Clone();
  composite.Paste(crop.view(), mouth.view(), rect, now.view());
  DifferenceAdder().Add(now.view(), was.view(), {0, 0, 211, 197}, want.view());

  composite.Paste(crop.view(), mouth.view(), rect, got.view());
  RC_ASSERT(SameSamples(got, want));
}

// A rectangle of the crop's own size makes the resize a copy, so the mouth can be exactly what was there before.
RC_GTEST_PROP(CompatiblePaste, OfWhatWasThereChangesNoBit, ()) {
  std::mt19937 rng(*rc::gen::arbitrary<unsigned>());
  const YuvFormat format = {*rc::gen::element(YuvMatrix::kBt601, YuvMatrix::kBt709),
                            *rc::gen::element(YuvRange::kLimited, YuvRange::kFull)};
  YuvImage frame = RandomYuv(rng, 181, 175, format);
  const YuvImage before = frame.Clone();
  const Rect rect = {*rc::gen::inRange(0, 14), *rc::gen::inRange(0, 8), 168, 168};
  Image crop(168, 168);
  YuvToBgr(frame.view(), rect, crop.view());
  const ConstImageView mouth = ConstImageView(crop.view()).Crop({4, 4, 160, 160});
  CompatibleComposite().Paste(crop.view(), mouth, rect, frame.view());
  RC_ASSERT(SameSamples(frame, before));
}

}  // namespace
}  // namespace lips
