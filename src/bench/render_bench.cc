#include "bench/render_bench.h"

#include <algorithm>
#include <string>
#include <utility>

#include "audio/sample_speech.h"
#include "bench/material.h"
#include "bench/scratch.h"
#include "render/render.h"

namespace lips {
namespace {

struct Entry {
  EngineVariant variant;
  std::vector<RenderReport> reports;
  bool failed = false;

  const RenderReport& Median() {
    std::ranges::sort(reports, {}, &RenderReport::wall_s);
    return reports[reports.size() / 2];
  }
};

Result<RenderReport> RenderOnce(const BenchJob& job, const EngineVariant& variant, const Path& audio, double seconds,
                                const Path& video) {
  RenderRequest request;
  request.job.avatar = job.avatar;
  request.job.avatar_options = job.avatar_options;
  request.job.audio = audio;
  request.job.duration_s = seconds;
  request.job.engine = OptionsOf(variant, job.threads.back(), false);
  request.video = video;
  return Render(request);
}

Json Row(const Entry& entry, const RenderReport& report, int threads, double ort_wall_s) {
  const double video_s = static_cast<double>(report.frames) / report.fps.AsDouble();
  return Json::Object({{"engine", Name(entry.variant.engine)},
                       {"precision", Name(entry.variant.precision)},
                       {"threads", threads},
                       {"frames", report.frames},
                       {"wall_s", report.wall_s},
                       {"fps", report.frames_per_second()},
                       {"ratio_to_real_time", Ratio(video_s, report.wall_s)},
                       {"ratio_to_ort", Ratio(ort_wall_s, report.wall_s)},
                       {"first_frame_s", report.first_frame_s},
                       {"decode_ms", report.decode.Percentile(50)},
                       {"features_ms", report.features.Percentile(50)},
                       {"generate_ms", report.generate.Percentile(50)},
                       {"composite_ms", report.composite.Percentile(50)},
                       {"encode_ms", report.encode.Percentile(50)}});
}

}  // namespace

Result<BenchReport> MeasureRender(const BenchJob& job, double seconds) {
  ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::Create());
  Path audio = folder.path() / "test.wav";
  if (job.audio) {
    audio = *job.audio;
  } else {
    RETURN_IF_ERROR(WriteWav(audio, SampleSpeech()));
  }
  std::vector<Entry> entries;
  for (const EngineVariant& variant : Variants(job)) entries.push_back({.variant = variant, .reports = {}});
  BenchReport result;
  const int rounds = job.RoundsOr(1);
  int64_t done = 0;
  for (int round = 0; round < rounds; ++round) {
    for (Entry& entry : entries) {
      RETURN_IF_ERROR(job.Report(done++, static_cast<int64_t>(entries.size()) * rounds));
      if (entry.failed) continue;
      auto report = RenderOnce(job, entry.variant, audio, seconds, folder.path() / "out.mp4");
      if (report.ok()) {
        entry.reports.push_back(std::move(report).value());
        continue;
      }
      if (report.error().code() != ErrorCode::kUnsupported) return std::move(report).TakeError();
      entry.failed = true;
      result.Skip(entry.variant.engine, entry.variant.precision, report.error());
    }
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.reports.empty(); });
  const auto ort = std::ranges::find(entries, Backend::kOnnxRuntime, [](const Entry& e) { return e.variant.engine; });
  const double ort_wall_s = ort == entries.end() ? 0 : ort->Median().wall_s;
  for (Entry& entry : entries) result.results.push_back(Row(entry, entry.Median(), job.threads.back(), ort_wall_s));
  return UnlessEmpty(std::move(result));
}

}  // namespace lips
