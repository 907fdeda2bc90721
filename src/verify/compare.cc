#include "verify/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "avatar/avatar.h"
#include "image/mouth_area.h"
#include "media/picture.h"
#include "verify/frame_source.h"
#include "verify/picture_difference.h"

namespace lips {
namespace {

std::string SizeText(const VideoInfo& info) { return std::to_string(info.width) + "x" + std::to_string(info.height); }

// Where the face is in a frame.
class FacePlan {
 public:
  static Result<FacePlan> Make(const CompareRequest& request) {
    FacePlan plan;
    plan.start_ = request.start_frame;
    plan.loop_ = request.loop;
    if (request.avatar) {
      ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(*request.avatar, {}));
      plan.rects_ = avatar.rects();
    } else if (request.face) {
      plan.rects_ = {*request.face};
    }
    return plan;
  }
  bool known() const { return !rects_.empty(); }
  Rect At(int64_t frame) const {
    return rects_[static_cast<size_t>(TemplateFrame(frame, std::ssize(rects_), start_, loop_))];
  }

 private:
  std::vector<Rect> rects_;
  int64_t start_ = 0;
  Loop loop_ = Loop::kPingPong;
};

void Note(const PictureDifference& difference, int64_t frame, ComparedRegion& region) {
  const bool first = region.psnr_db.empty();
  if (first || difference.psnr_db < region.least_psnr_db) {
    region.least_psnr_db = difference.psnr_db;
    region.worst_frame = frame;
  }
  region.least_ssim = first ? difference.ssim : std::min(region.least_ssim, difference.ssim);
  region.max_error = std::max(region.max_error, difference.max_error);
  region.mean_psnr_db += difference.psnr_db;  // sums until the end
  region.mean_ssim += difference.ssim;
  region.psnr_db.push_back(static_cast<float>(difference.psnr_db));
}

std::vector<Metric> MetricsOf(const CompareReport& report) {
  std::vector<Metric> metrics;
  metrics.push_back({"frames", static_cast<double>(report.frames_b - report.frames_a), "", Bound::kWithin, 0.0,
                     "how many more frames the second one has"});
  for (const ComparedRegion& region : report.regions) {
    metrics.push_back({region.name + " psnr", region.least_psnr_db, "dB", Bound::kAtLeast, std::nullopt,
                       "least of all frames", region.worst_frame});
    metrics.push_back(
        {region.name + " ssim", region.least_ssim, "", Bound::kAtLeast, std::nullopt, "least of all frames", -1});
    metrics.push_back({region.name + " error", static_cast<double>(region.max_error), "levels", Bound::kAtMost,
                       std::nullopt, "largest of all samples", -1});
  }
  return metrics;
}

// The frames with the least PSNR of the innermost region.
std::vector<ComparedFrame> WorstFrames(const ComparedRegion& region, int count) {
  std::vector<ComparedFrame> frames;
  for (size_t n = 0; n < region.psnr_db.size(); ++n) {
    if (region.psnr_db[n] >= static_cast<float>(kEqualDb)) continue;
    frames.push_back({static_cast<int64_t>(n), static_cast<double>(region.psnr_db[n]), {}, {}});
  }
  std::ranges::stable_sort(frames, {}, &ComparedFrame::psnr_db);
  if (std::ssize(frames) > count) frames.erase(frames.begin() + count, frames.end());
  return frames;
}

Status ShowWorst(const CompareRequest& request, const FacePlan& faces, FrameSource& a, FrameSource& b,
                 std::vector<ComparedFrame>& worst) {
  if (request.pictures) RETURN_IF_ERROR(MakeFolder(*request.pictures));
  Image left, right;
  for (ComparedFrame& frame : worst) {
    RETURN_IF_ERROR(a.Seek(frame.frame));
    RETURN_IF_ERROR(b.Seek(frame.frame));
    RETURN_IF_ERROR(a.Read(left));
    RETURN_IF_ERROR(b.Read(right));
    const Rect face = faces.known() ? faces.At(frame.frame) : Rect{};
    frame.picture = SideBySide(left.view(), right.view(), face);
    if (!request.pictures) continue;
    char name[32];
    std::snprintf(name, sizeof(name), "worst_%06lld.png", static_cast<long long>(frame.frame));
    frame.file = *request.pictures / name;
    RETURN_IF_ERROR(WritePng(frame.file, std::as_const(frame.picture).view()));
  }
  return {};
}

}  // namespace

Result<CompareReport> Compare(const CompareRequest& request) {
  ASSIGN_OR_RETURN(FrameSource a, FrameSource::Open(request.a));
  ASSIGN_OR_RETURN(FrameSource b, FrameSource::Open(request.b));
  if (a.info().width != b.info().width || a.info().height != b.info().height) {
    return Error(ErrorCode::kInvalidInput, "'" + request.a.string() + "' is " + SizeText(a.info()) + ", but '" +
                                               request.b.string() + "' " + SizeText(b.info()) +
                                               "; only pictures of one size can be compared");
  }
  ASSIGN_OR_RETURN(const FacePlan faces, FacePlan::Make(request));
  CompareReport report;
  report.regions.push_back({.name = "frame"});
  if (faces.known()) {
    report.regions.push_back({.name = "face"});
    report.regions.push_back({.name = "mouth"});
  }
  const Rect whole = {0, 0, a.info().width, a.info().height};
  Image left, right;
  for (;;) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    const Status read_a = a.Read(left), read_b = b.Read(right);
    if (!read_a.ok() && read_a.error().code() != ErrorCode::kEndOfStream) return read_a.error();
    if (!read_b.ok() && read_b.error().code() != ErrorCode::kEndOfStream) return read_b.error();
    if (!read_a.ok() || !read_b.ok()) break;
    const int64_t n = std::ssize(report.regions[0].psnr_db);
    Note(Difference(left.view(), right.view(), whole), n, report.regions[0]);
    if (!faces.known()) continue;
    Note(Difference(left.view(), right.view(), faces.At(n)), n, report.regions[1]);
    Note(Difference(left.view(), right.view(), MouthOf(faces.At(n))), n, report.regions[2]);
  }
  report.frames_a = a.info().frames;
  report.frames_b = b.info().frames;
  const auto compared = static_cast<double>(report.regions[0].psnr_db.size());
  if (compared == 0) return Error(ErrorCode::kInvalidInput, "there are no frames to compare");
  for (ComparedRegion& region : report.regions) {
    region.mean_psnr_db /= compared;
    region.mean_ssim /= compared;
  }
  report.metrics = MetricsOf(report);
  report.worst = WorstFrames(report.regions.back(), request.worst);
  RETURN_IF_ERROR(ShowWorst(request, faces, a, b, report.worst));
  return report;
}

Json CompareReport::ToJson() const {
  Json::Array list, named;
  for (const ComparedRegion& region : regions) {
    list.push_back(Json::Object({{"region", region.name},
                                 {"least_psnr_db", region.least_psnr_db},
                                 {"mean_psnr_db", region.mean_psnr_db},
                                 {"least_ssim", region.least_ssim},
                                 {"mean_ssim", region.mean_ssim},
                                 {"max_error", region.max_error},
                                 {"worst_frame", region.worst_frame}}));
  }
  for (const ComparedFrame& frame : worst) {
    Json one = Json::Object({{"frame", frame.frame}, {"psnr_db", frame.psnr_db}});
    if (!frame.file.empty()) one.Set("picture", frame.file.string());
    named.push_back(std::move(one));
  }
  return Json::Object({{"ok", AllOk(metrics)},
                       {"frames_a", frames_a},
                       {"frames_b", frames_b},
                       {"regions", std::move(list)},
                       {"worst", std::move(named)},
                       {"metrics", lips::ToJson(metrics)}});
}

}  // namespace lips
