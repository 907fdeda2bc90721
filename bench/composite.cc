// Putting a mouth into a 720p, 1080p or 4K frame, ours and the same steps with OpenCV, one thread each, in one run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "composite/compatible.h"
#include "composite/jaw_mask.h"
#include "composite/natural.h"
#include "image/colour.h"
#include "image/random_picture.h"
#include "image/resize.h"

namespace lips {
namespace {

constexpr int kWidth = 1280;
constexpr int kHeight = 720;
constexpr int kCrop = 328;
constexpr int kBorder = 4;
constexpr int kMouth = kCrop - 2 * kBorder;

// Of a 720p frame; larger ones have larger faces. A template's rectangles jitter, so a resize is seldom of the size
// before it.
constexpr std::array<Rect, 4> kRects = {
    Rect{531, 210, 182, 182}, {533, 211, 179, 179}, {540, 217, 185, 185}, {548, 250, 182, 182}};

struct Scene {
  explicit Scene(int64_t frame_height = kHeight) : height(static_cast<int>(frame_height)), width(height * 16 / 9) {
    std::mt19937 rng(1);
    bgr = SmoothPicture(rng, width, height);
    yuv = YuvImage(width, height, {});
    BgrToYuv(bgr.view(), yuv.view());
    crop = SmoothPicture(rng, kCrop, kCrop);
    mouth = SmoothPicture(rng, kMouth, kMouth);
  }
  Rect NextRect() {
    const Rect& r = kRects[next++ % kRects.size()];
    const auto scaled = [this](int px) { return px * height / kHeight; };
    return {scaled(r.x), scaled(r.y), scaled(r.width), scaled(r.width)};
  }
  int height, width;
  size_t next = 0;
  Image bgr, crop, mouth;
  YuvImage yuv;
};

cv::Mat Wrap(ImageView view) {
  return {view.height, view.width, CV_8UC3, view.data, static_cast<size_t>(view.stride_bytes)};
}

// The reference's way.
class OpenCvCompatible {
 public:
  void Paste(const cv::Mat& crop, const cv::Mat& mouth, Rect rect, const cv::Mat& frame) {
    crop.copyTo(canvas_);
    mouth.copyTo(canvas_(cv::Rect(kBorder, kBorder, kMouth, kMouth)));
    cv::resize(canvas_, resized_, cv::Size(rect.width, rect.height), 0, 0, cv::INTER_CUBIC);
    resized_.copyTo(frame(cv::Rect(rect.x, rect.y, rect.width, rect.height)));
  }

 private:
  cv::Mat canvas_, resized_;
};

// What composite/natural.h says, in OpenCV's words: the colours' difference in the mask's fading, averaged in cells,
// filled up from coarser cells, enlarged and added; mask; both pictures resized; their difference added to the frame.
// One step less than ours: how much a pixel counts does not depend on its difference, so the grids' weights are
// constant.
class OpenCvNatural {
 public:
  OpenCvNatural() {
    std::vector<uint8_t> weights = JawMask(kMouth);
    cv::Mat mask(kMouth, kMouth, CV_8UC1, weights.data()), one;
    mask.convertTo(one, CV_32F, 1.0 / 255);
    cv::merge(std::vector<cv::Mat>(3, one), mask_);
    const cv::Mat fading = one.mul(1 - one) * 4;
    cv::merge(std::vector<cv::Mat>(3, fading), fading_);
    for (cv::Mat level = fading_; level.cols > 1;) {
      const int side = level.cols == kMouth ? kMouth / 16 : (level.cols + 1) / 2;
      cv::Mat coarser;
      cv::resize(level, coarser, cv::Size(side, side), 0, 0, cv::INTER_AREA);
      weights_.push_back(coarser);
      level = coarser;
    }
  }
  void Paste(const cv::Mat& crop, const cv::Mat& mouth, Rect rect, const cv::Mat& frame) {
    const cv::Rect inner(kBorder, kBorder, kMouth, kMouth);
    const cv::Mat roi = crop(inner);
    cv::subtract(roi, mouth, difference_, cv::noArray(), CV_32F);
    Match();
    cv::subtract(field_, difference_, change_);
    cv::multiply(change_, mask_, change_);
    crop.copyTo(canvas_);
    cv::add(roi, change_, canvas_(inner), cv::noArray(), CV_8U);
    const cv::Size size(rect.width, rect.height);
    cv::resize(crop, was_, size, 0, 0, cv::INTER_CUBIC);
    cv::resize(canvas_, now_, size, 0, 0, cv::INTER_CUBIC);
    cv::subtract(now_, was_, moved_, cv::noArray(), CV_16S);
    cv::Mat target = frame(cv::Rect(rect.x, rect.y, rect.width, rect.height));
    cv::add(target, moved_, target, cv::noArray(), CV_8U);
  }

 private:
  void Match() {
    cv::multiply(difference_, fading_, weighed_);
    sums_.resize(weights_.size());
    for (size_t k = 0; k < sums_.size(); ++k) {
      cv::resize(k == 0 ? weighed_ : sums_[k - 1], sums_[k], weights_[k].size(), 0, 0, cv::INTER_AREA);
    }
    cv::divide(sums_.back(), weights_.back() + 1e-6, filled_);
    for (size_t k = sums_.size() - 1; k-- > 0;) {
      cv::resize(filled_, beyond_, sums_[k].size(), 0, 0, cv::INTER_NEAREST);
      cv::divide(sums_[k] + 0.1 * beyond_, weights_[k] + cv::Scalar::all(0.1), filled_);
    }
    cv::resize(filled_, field_, cv::Size(kMouth, kMouth), 0, 0, cv::INTER_LINEAR);
    cv::min(field_, cv::Scalar::all(12), field_);
    cv::max(field_, cv::Scalar::all(-12), field_);
  }
  cv::Mat mask_, fading_, difference_, weighed_, filled_, beyond_, field_, change_, canvas_, was_, now_, moved_;
  std::vector<cv::Mat> weights_, sums_;
};

template <typename Composite>
void PasteBgr_Ours(benchmark::State& state) {
  Scene s(state.range(0));
  Composite composite;
  composite.Paste(s.crop.view(), s.mouth.view(), s.NextRect(), s.bgr.view());  // makes its mask and memory
  for (auto _ : state) composite.Paste(s.crop.view(), s.mouth.view(), s.NextRect(), s.bgr.view());
}
template <typename Composite>
void PasteBgr_OpenCv(benchmark::State& state) {
  Scene s(state.range(0));
  Composite composite;
  for (auto _ : state) composite.Paste(Wrap(s.crop.view()), Wrap(s.mouth.view()), s.NextRect(), Wrap(s.bgr.view()));
}

template <typename Composite>
void PasteYuv_Ours(benchmark::State& state) {
  Scene s(state.range(0));
  Composite composite;
  composite.Paste(s.crop.view(), s.mouth.view(), s.NextRect(), s.yuv.view());  // makes its mask and memory
  for (auto _ : state) composite.Paste(s.crop.view(), s.mouth.view(), s.NextRect(), s.yuv.view());
}
// What a program does that decodes to and encodes from YUV and composites with OpenCV: the whole frame there and back.
template <typename Composite>
void PasteYuv_OpenCv(benchmark::State& state) {
  Scene s(state.range(0));
  Composite composite;
  cv::Mat yuv(s.height * 3 / 2, s.width, CV_8UC1, cv::Scalar(128));
  cv::Mat bgr;
  for (auto _ : state) {
    cv::cvtColor(yuv, bgr, cv::COLOR_YUV2BGR_I420);
    composite.Paste(Wrap(s.crop.view()), Wrap(s.mouth.view()), s.NextRect(), bgr);
    cv::cvtColor(bgr, yuv, cv::COLOR_BGR2YUV_I420);
  }
}

// state.range: from, to.
void Resize_Ours(benchmark::State& state) {
  std::mt19937 rng(2);
  const int from = static_cast<int>(state.range(0)), to = static_cast<int>(state.range(1));
  const Image source = SmoothPicture(rng, from, from);
  Image target(to, to);
  CubicResizer resizer(from, from, to, to);
  for (auto _ : state) resizer.Run(source.view(), target.view());
}
void Resize_OpenCv(benchmark::State& state) {
  std::mt19937 rng(2);
  const int from = static_cast<int>(state.range(0)), to = static_cast<int>(state.range(1));
  Image source = SmoothPicture(rng, from, from);
  cv::Mat target;
  for (auto _ : state) cv::resize(Wrap(source.view()), target, cv::Size(to, to), 0, 0, cv::INTER_CUBIC);
}

void YuvToBgr_Ours(benchmark::State& state) {
  Scene s;
  for (auto _ : state) YuvToBgr(s.yuv.view(), s.bgr.view());
}
void YuvToBgr_OpenCv(benchmark::State& state) {
  Scene s;
  const cv::Mat yuv(kHeight * 3 / 2, kWidth, CV_8UC1, s.yuv.view().y.data);
  cv::Mat bgr;
  for (auto _ : state) cv::cvtColor(yuv, bgr, cv::COLOR_YUV2BGR_I420);
}

void Micro(benchmark::internal::Benchmark* b) { b->Unit(benchmark::kMicrosecond); }
void Frames(benchmark::internal::Benchmark* b) { b->Arg(720)->Arg(1080)->Arg(2160)->Unit(benchmark::kMicrosecond); }
BENCHMARK(PasteYuv_Ours<NaturalComposite>)->Apply(Frames);
BENCHMARK(PasteYuv_OpenCv<OpenCvNatural>)->Apply(Frames);
BENCHMARK(PasteYuv_Ours<CompatibleComposite>)->Apply(Frames);
BENCHMARK(PasteYuv_OpenCv<OpenCvCompatible>)->Apply(Frames);
BENCHMARK(PasteBgr_Ours<NaturalComposite>)->Apply(Frames);
BENCHMARK(PasteBgr_OpenCv<OpenCvNatural>)->Apply(Frames);
BENCHMARK(PasteBgr_Ours<CompatibleComposite>)->Apply(Frames);
BENCHMARK(PasteBgr_OpenCv<OpenCvCompatible>)->Apply(Frames);
BENCHMARK(Resize_Ours)->Args({kCrop, 182})->Args({182, kCrop})->Apply(Micro);
BENCHMARK(Resize_OpenCv)->Args({kCrop, 182})->Args({182, kCrop})->Apply(Micro);
BENCHMARK(YuvToBgr_Ours)->Apply(Micro);
BENCHMARK(YuvToBgr_OpenCv)->Apply(Micro);

}  // namespace
}  // namespace lips

int main(int argc, char** argv) {
  cv::setNumThreads(1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
