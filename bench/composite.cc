// Putting a mouth into a 720p frame, ours and the same steps with OpenCV, one thread each, in one run.
#include <benchmark/benchmark.h>

#include <array>
#include <opencv2/imgproc.hpp>

#include "composite/compatible.h"
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

// A template's rectangles jitter, so a resize is seldom of the size before it.
constexpr std::array<Rect, 4> kRects = {
    Rect{531, 210, 182, 182}, {533, 211, 179, 179}, {540, 217, 185, 185}, {548, 250, 182, 182}};

struct Scene {
  Scene() {
    std::mt19937 rng(1);
    bgr = SmoothPicture(rng, kWidth, kHeight);
    yuv = YuvImage(kWidth, kHeight, {});
    BgrToYuv(bgr.view(), yuv.view());
    crop = SmoothPicture(rng, kCrop, kCrop);
    mouth = SmoothPicture(rng, kMouth, kMouth);
  }
  Image bgr, crop, mouth;
  YuvImage yuv;
};

cv::Mat Wrap(ImageView view) {
  return {view.height, view.width, CV_8UC3, view.data, static_cast<size_t>(view.stride_bytes)};
}

void OpenCvPaste(const cv::Mat& crop, const cv::Mat& mouth, Rect rect, const cv::Mat& frame) {
  cv::Mat canvas = crop.clone();
  mouth.copyTo(canvas(cv::Rect(kBorder, kBorder, kMouth, kMouth)));
  cv::Mat resized;
  cv::resize(canvas, resized, cv::Size(rect.width, rect.height), 0, 0, cv::INTER_CUBIC);
  resized.copyTo(frame(cv::Rect(rect.x, rect.y, rect.width, rect.height)));
}

void PasteBgr_Ours(benchmark::State& state) {
  Scene s;
  CompatibleComposite composite;
  size_t i = 0;
  for (auto _ : state) composite.Paste(s.crop.view(), s.mouth.view(), kRects[i++ % kRects.size()], s.bgr.view());
}
void PasteBgr_OpenCv(benchmark::State& state) {
  Scene s;
  size_t i = 0;
  for (auto _ : state) {
    OpenCvPaste(Wrap(s.crop.view()), Wrap(s.mouth.view()), kRects[i++ % kRects.size()], Wrap(s.bgr.view()));
  }
}

void PasteYuv_Ours(benchmark::State& state) {
  Scene s;
  CompatibleComposite composite;
  size_t i = 0;
  for (auto _ : state) composite.Paste(s.crop.view(), s.mouth.view(), kRects[i++ % kRects.size()], s.yuv.view());
}
// What a program does that decodes to and encodes from YUV and composites with OpenCV: the whole frame there and back.
void PasteYuv_OpenCv(benchmark::State& state) {
  Scene s;
  cv::Mat yuv(kHeight * 3 / 2, kWidth, CV_8UC1, s.yuv.view().y.data);
  cv::Mat bgr;
  size_t i = 0;
  for (auto _ : state) {
    cv::cvtColor(yuv, bgr, cv::COLOR_YUV2BGR_I420);
    OpenCvPaste(Wrap(s.crop.view()), Wrap(s.mouth.view()), kRects[i++ % kRects.size()], bgr);
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
BENCHMARK(PasteYuv_Ours)->Apply(Micro);
BENCHMARK(PasteYuv_OpenCv)->Apply(Micro);
BENCHMARK(PasteBgr_Ours)->Apply(Micro);
BENCHMARK(PasteBgr_OpenCv)->Apply(Micro);
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
