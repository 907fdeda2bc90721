#include "verify/talk.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "avatar/avatar.h"
#include "avatar/steady_rects.h"
#include "image/colour.h"
#include "media/picture.h"
#include "media/speech.h"
#include "talker/timeline.h"
#include "verify/frame_source.h"
#include "verify/picture_difference.h"

namespace lips {
namespace {

std::string SizeText(const VideoInfo& info) { return std::to_string(info.width) + "x" + std::to_string(info.height); }

std::string RateText(FrameRate fps) { return std::to_string(fps.num) + "/" + std::to_string(fps.den); }

// The template's pictures in the order of a video's frames.
class Originals {
 public:
  Originals(std::unique_ptr<TemplateReader> reader, Timeline time) : reader_(std::move(reader)), time_(time) {}
  int64_t IndexAt(int64_t frame) const { return time_.TemplateIndex(frame); }
  Status Read(int64_t frame, Image& out) {
    RETURN_IF_ERROR(reader_->Read(IndexAt(frame), FaceParts::kFrameAndCrop, face_));
    out.Resize(face_.frame.width(), face_.frame.height());
    YuvToBgr(std::as_const(face_.frame).view(), out.view());
    return {};
  }

 private:
  std::unique_ptr<TemplateReader> reader_;
  Timeline time_;
  TemplateFace face_;
};

Rect Whole(const Place& place) {
  return {static_cast<int>(place.x), static_cast<int>(place.y), static_cast<int>(place.width),
          static_cast<int>(place.height)};
}

Status ShowWorst(const TalkRequest& request, const std::vector<Place>& places, FrameSource& shown, Originals& originals,
                 TalkReport& report) {
  std::vector<Metric> metrics = report.measures.metrics;  // those that fail come first
  std::ranges::stable_sort(metrics, {}, [](const Metric& metric) { return metric.ok(); });
  if (request.pictures) RETURN_IF_ERROR(MakeFolder(*request.pictures));
  Image frame, original;
  for (const Metric& metric : metrics) {
    if (std::ssize(report.worst) >= request.worst) break;
    if (metric.worst_frame < 0) continue;
    RETURN_IF_ERROR(shown.Seek(metric.worst_frame));
    RETURN_IF_ERROR(shown.Read(frame));
    RETURN_IF_ERROR(originals.Read(metric.worst_frame, original));
    TalkReport::Shown worst;
    worst.why = metric.name;
    worst.frame = metric.worst_frame;
    worst.picture = SideBySide(std::as_const(original).view(), std::as_const(frame).view(),
                               Whole(places[static_cast<size_t>(originals.IndexAt(metric.worst_frame))]));
    if (request.pictures) {
      char number[32];
      std::snprintf(number, sizeof(number), "_%06lld.png", static_cast<long long>(worst.frame));
      worst.file = *request.pictures / (worst.why + number);
      RETURN_IF_ERROR(WritePng(worst.file, std::as_const(worst.picture).view()));
    }
    report.worst.push_back(std::move(worst));
  }
  return {};
}

Result<FrameSource> OpenFramesOf(const Avatar& avatar, const Path& video) {
  ASSIGN_OR_RETURN(FrameSource shown, FrameSource::Open(video));
  if (shown.info().width != avatar.video().width || shown.info().height != avatar.video().height) {
    return Error(ErrorCode::kInvalidInput, "'" + video.string() + "' is " + SizeText(shown.info()) + ", but avatar '" +
                                               avatar.name() + "' " + SizeText(avatar.video()) +
                                               "; was it made with another avatar?");
  }
  return shown;
}

// All frames that are left, into `meter`; how many.
Result<int64_t> MeasureFrames(const TalkRequest& request, const std::vector<Place>& places, FrameSource& shown,
                              Originals& originals, TalkMeter& meter) {
  Image frame, original;
  for (int64_t n = 0;; ++n) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    const Status read = shown.Read(frame);
    if (!read.ok() && read.error().code() == ErrorCode::kEndOfStream) return n;
    RETURN_IF_ERROR(read);
    RETURN_IF_ERROR(originals.Read(n, original));
    meter.Add(std::as_const(frame).view(), std::as_const(original).view(),
              places[static_cast<size_t>(originals.IndexAt(n))]);
  }
}

// What the reference, if there is one, trembles; nothing without.
Result<std::optional<double>> ReferenceTremor(const TalkRequest& request, const Avatar& avatar, FrameRate fps,
                                              const std::vector<Place>& places, Originals& originals) {
  if (!request.reference) return std::optional<double>();
  ASSIGN_OR_RETURN(FrameSource source, OpenFramesOf(avatar, *request.reference));
  if (source.info().fps != fps) {
    return Error(ErrorCode::kInvalidInput, "reference '" + request.reference->string() + "' has " +
                                               RateText(source.info().fps) + " frames per second, the video " +
                                               RateText(fps) + "; they can be compared at one rate only");
  }
  TalkMeter meter(fps);
  RETURN_IF_ERROR(MeasureFrames(request, places, source, originals, meter));
  return std::optional<double>(meter.TremorPx());
}

}  // namespace

Result<TalkReport> MeasureTalk(const TalkRequest& request) {
  AvatarOptions options;
  options.inputs = InputSource::kDerived;  // only the full frames are looked at
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(request.avatar, options));
  ASSIGN_OR_RETURN(FrameSource shown, OpenFramesOf(avatar, request.video));
  const Path audio = request.audio.value_or(request.video);
  ASSIGN_OR_RETURN(const Speech speech, ReadSpeech(audio));
  const int64_t rows = FeatureRows(MelColumns(std::ssize(speech.samples_16k)));
  const FrameRate fps = shown.info().fps;
  const Timeline time(std::max<int64_t>(rows, 1), fps, avatar.video().frames, avatar.video().fps, request.start_frame,
                      request.loop);
  ASSIGN_OR_RETURN(auto templates, avatar.OpenTemplates());
  Originals originals(std::move(templates), time);
  const std::vector<Place> places = SteadyRects(avatar.rects());

  TalkMeter meter(fps);
  ASSIGN_OR_RETURN(const int64_t n, MeasureFrames(request, places, shown, originals, meter));
  if (n == 0) return Error(ErrorCode::kInvalidInput, "'" + request.video.string() + "' has no frames");
  ASSIGN_OR_RETURN(const auto reference, ReferenceTremor(request, avatar, fps, places, originals));
  // With the video's own sound its length is that of the video, which a codec's padding makes uncertain by a frame.
  const bool exact = request.audio.has_value();
  TalkReport report;
  report.measures = std::move(meter).Finish(speech.samples_16k, time.frames(), reference);
  if (!exact) report.measures.metrics.front().limit = 2;
  report.video = request.video.string();
  report.avatar = avatar.name();
  report.audio = audio.string();
  report.frames = n;
  report.fps = fps;
  RETURN_IF_ERROR(ShowWorst(request, places, shown, originals, report));
  return report;
}

Json TalkReport::ToJson() const {
  Json::Array shown, list;
  for (const Shown& one : worst) {
    Json json = Json::Object({{"metric", one.why}, {"frame", one.frame}});
    if (!one.file.empty()) json.Set("picture", one.file.string());
    shown.push_back(std::move(json));
  }
  return Json::Object({{"ok", AllOk(measures.metrics)},
                       {"video", video},
                       {"avatar", avatar},
                       {"audio", audio},
                       {"frames", frames},
                       {"metrics", lips::ToJson(measures.metrics)},
                       {"worst", std::move(shown)}});
}

}  // namespace lips
