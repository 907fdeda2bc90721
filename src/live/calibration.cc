#include "live/calibration.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/stats.h"
#include "base/thread_pool.h"
#include "media/jpeg_encoder.h"

namespace lips {
namespace {

constexpr int kMostTogether = 16;
constexpr int kQuality = 85;

struct Desk {
  std::unique_ptr<Composite> composite;
  JpegEncoder encoder;
  YuvImage picture;
  Status status;
};

Status Finish(const StoredFrame& frame, const Image& mouth, Desk& desk) {
  desk.picture.Resize(frame.area.width, frame.area.height, frame.picture.format());
  CopyPixels(frame.picture.view(), desk.picture.view());
  desk.composite->Paste(frame.crop.view(), mouth.view(), frame.face, desk.picture.view());
  ASSIGN_OR_RETURN(const auto jpeg, desk.encoder.Encode(std::as_const(desk.picture).view(), kQuality));
  return jpeg.empty() ? Error(ErrorCode::kCorrupted, "the JPEG encoder gave nothing") : Status();
}

}  // namespace

Result<double> CalibrateFrameMs(Generator& generator, const Generator::Template& face, const StoredFrame& frame,
                                std::span<const float> window, const CalibrationRequest& request) {
  constexpr double kLeastMs = 300;
  constexpr int kLeastRounds = 3;
  const int together = std::clamp(generator.preferred_jobs(), 1, kMostTogether);
  const int side = generator.size_px();
  std::vector<Image> mouths;
  std::vector<Generator::Job> jobs;
  mouths.reserve(static_cast<size_t>(together));
  for (int i = 0; i < together; ++i) {
    mouths.emplace_back(side, side);
    jobs.push_back({&face, window, mouths.back().view()});
  }
  ThreadPool pool(request.threads);
  std::vector<Desk> desks(static_cast<size_t>(pool.size()));
  for (Desk& desk : desks) desk.composite = MakeComposite(request.composite);
  Stopwatch watch;
  int made = 0;
  for (int round = -1; round < kLeastRounds || watch.ElapsedMs() < kLeastMs; ++round) {
    if (round == 0) watch.Restart();  // the first round warms up
    RETURN_IF_ERROR(generator.Generate(jobs));
    pool.Run([&](const Worker& worker) {
      Desk& desk = desks[static_cast<size_t>(worker.index())];
      const auto [begin, end] = worker.Share(together);
      for (int i = begin; i < end && desk.status.ok(); ++i) {
        desk.status = Finish(frame, mouths[static_cast<size_t>(i)], desk);
      }
    });
    for (Desk& desk : desks) RETURN_IF_ERROR(desk.status);
    if (round < 0) continue;
    made += together;
    if (request.once) break;
  }
  return watch.ElapsedMs() / made;
}

}  // namespace lips
