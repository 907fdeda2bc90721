#include "avatar/full_frames.h"

#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "avatar/picture_track.h"

namespace lips {
namespace {

// Pictures have no rate of their own; the manifest may know it.
FrameRate RateOf(const PackageFiles& package, const PictureTrack& track, bool is_video) {
  const PackageManifest::Video* declared = package.manifest.Find("full_body_img");
  if (is_video || declared == nullptr || !declared->fps) return track.info().fps;
  const int thousandths = static_cast<int>(std::lround(*declared->fps * 1000));
  const int common = std::gcd(thousandths, 1000);
  return {thousandths / common, 1000 / common};
}

}  // namespace

Result<FullFrames> ChooseFullFrames(const PackageFiles& package, int64_t rects, int decode_threads) {
  std::optional<FullFrames> chosen;
  for (const PictureFiles& candidate : package.full) {
    ASSIGN_OR_RETURN(const PictureTrack track, PictureTrack::Open(candidate, decode_threads));
    if (chosen && track.info().frames != rects) continue;
    chosen = FullFrames{candidate, track.info(), {}};
    chosen->info.fps = RateOf(package, track, candidate.is_video());
    if (track.info().frames == rects) break;
  }
  if (!chosen) return Error(ErrorCode::kInvalidInput, "the package has no full frames");
  const std::string name = chosen->files.path().filename().string();
  const int64_t frames = chosen->info.frames;
  if (frames == 0) return Error(ErrorCode::kCorrupted, name + " has no frames");
  if (frames < rects) {  // a cut-off file, or rectangles of another video: either way frames would be missing
    return Error(ErrorCode::kCorrupted, name + " has " + std::to_string(frames) + " readable frames but there are " +
                                            std::to_string(rects) +
                                            " rectangles: the video is cut short, or the "
                                            "rectangles belong to another one");
  }
  if (frames != rects) {
    chosen->disagreement = name + " has " + std::to_string(frames) + " frames but there are " + std::to_string(rects) +
                           " rectangles: the first " + std::to_string(rects) + " of both are used";
  }
  return *std::move(chosen);
}

}  // namespace lips
