#include "face/package_files.h"

#include <utility>

#include "base/json.h"
#include "base/version.h"
#include "face/contact_sheet.h"
#include "image/colour.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace lips {
namespace {

constexpr int kPictureCrf = 14;  // these pictures are what a network learns from

// A square video of one kind of picture.
class SquareVideo {
 public:
  static Result<SquareVideo> Create(const Path& path, int side_px) {
    VideoWriterOptions options;
    options.width = options.height = side_px;
    options.fps = kAvatarRate;
    options.crf = kPictureCrf;
    ASSIGN_OR_RETURN(VideoWriter writer, VideoWriter::Create(path, options));
    return SquareVideo(std::move(writer), YuvImage(side_px, side_px, options.format));
  }
  Status Write(const Image& picture) {
    BgrToYuv(picture.view(), yuv_.view());
    return writer_.Write(std::as_const(yuv_).view());
  }
  Status Finish() { return writer_.Finish(); }

 private:
  SquareVideo(VideoWriter writer, YuvImage yuv) : writer_(std::move(writer)), yuv_(std::move(yuv)) {}
  VideoWriter writer_;
  YuvImage yuv_;
};

Json AsJson(Rect rect) { return Json::Array{rect.x, rect.y, rect.right(), rect.bottom()}; }

Json Videos(size_t frames, const std::string& full) {
  const auto video = [frames](const std::string& file) {
    return Json::Object({{"video_file", file}, {"frame_count", frames}, {"fps", kAvatarRate.num}});
  };
  return Json::Object({{"full_body_img", video(full)},
                       {"crops_328", video("crops_328_video.mp4")},
                       {"rois_320", video("rois_320_video.mp4")},
                       {"model_inputs", video("model_inputs_video.mp4")}});
}

// The points of frame `i`, or between those of the nearest frames that have some.
std::vector<Landmark> PointsAt(std::span<const FrameFacts> facts, size_t i, size_t before, size_t after) {
  if (before == facts.size()) return facts[after].points;
  if (after == facts.size() || before == after) return facts[before].points;
  const double t = static_cast<double>(i - before) / static_cast<double>(after - before);
  std::vector<Landmark> points;
  for (size_t k = 0; k < facts[before].points.size(); ++k) {
    const Landmark &a = facts[before].points[k], &b = facts[after].points[k];
    points.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
  }
  return points;
}

}  // namespace

Status WritePackagePictures(const PackagePictures& pictures) {
  ASSIGN_OR_RETURN(VideoReader reader, VideoReader::Open(pictures.folder / pictures.full, {.threads = 0}));
  const auto frames = static_cast<int64_t>(pictures.rects.size());
  if (reader.info().frames != frames) {
    return Error(ErrorCode::kCorrupted, "the copy of the video has " + std::to_string(reader.info().frames) +
                                            " frames, expected " + std::to_string(frames));
  }
  ASSIGN_OR_RETURN(SquareVideo crops,
                   SquareVideo::Create(pictures.folder / "crops_328_video.mp4", pictures.face.crop_px));
  ASSIGN_OR_RETURN(SquareVideo rois,
                   SquareVideo::Create(pictures.folder / "rois_320_video.mp4", pictures.face.roi_px()));
  ASSIGN_OR_RETURN(SquareVideo masked,
                   SquareVideo::Create(pictures.folder / "model_inputs_video.mp4", pictures.face.roi_px()));
  ContactSheet sheet(frames, reader.info().width, reader.info().height);
  YuvImage frame;
  Image picture;
  FaceInputs inputs;
  for (int64_t k = 0; k < frames; ++k) {
    if (pictures.stop != nullptr) RETURN_IF_ERROR(pictures.stop->Check());
    RETURN_IF_ERROR(reader.Read(frame));
    picture.Resize(frame.width(), frame.height());
    YuvToBgr(std::as_const(frame).view(), picture.view());
    const Rect rect = pictures.rects[static_cast<size_t>(k)];
    DeriveInputs(std::as_const(picture).view().Crop(rect), pictures.face, DefaultMask(pictures.face), inputs);
    RETURN_IF_ERROR(crops.Write(inputs.crop));
    RETURN_IF_ERROR(rois.Write(inputs.roi));
    RETURN_IF_ERROR(masked.Write(inputs.masked));
    if (sheet.Wants(k)) {
      const FrameFacts& facts = pictures.facts[static_cast<size_t>(k)];
      sheet.Add(k, std::as_const(picture).view(), rect, facts.edges.has_value(), facts.points, inputs);
    }
    if (pictures.progress) pictures.progress(k + 1, frames);
  }
  RETURN_IF_ERROR(crops.Finish());
  RETURN_IF_ERROR(rois.Finish());
  RETURN_IF_ERROR(masked.Finish());
  return WritePng(pictures.folder / "preview.png", sheet.view());
}

Status WriteLandmarkFiles(const Path& folder, std::span<const FrameFacts> facts) {
  RETURN_IF_ERROR(MakeFolder(folder / "landmarks"));
  size_t before = facts.size(), after = 0;  // nearest frames with points at or before, at or after; size(): none
  for (size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i].points.empty()) before = i;
    for (after = std::max(after, i); after < facts.size() && facts[after].points.empty();) ++after;
    if (before == facts.size() && after == facts.size()) return Error(ErrorCode::kInvalidInput, "no frame has a face");
    std::string text;
    for (const Landmark& point : PointsAt(facts, i, before, after)) {
      text += std::to_string(static_cast<int>(point.x)) + " " + std::to_string(static_cast<int>(point.y)) + "\n";
    }
    RETURN_IF_ERROR(WriteFileAtomically(folder / "landmarks" / (std::to_string(i) + ".lms"), text));
  }
  return {};
}

Status WritePackageJson(const Path& folder, std::span<const Rect> rects, const CreatedFacts& facts) {
  RETURN_IF_ERROR(MakeFolder(folder / "cache"));
  std::vector<Json::Member> rectangles;
  Json::Array indices;
  for (size_t k = 0; k < rects.size(); ++k) {
    rectangles.emplace_back(std::to_string(k), Json::Object({{"rect", AsJson(rects[k])}}));
    indices.emplace_back(k);
  }
  const auto write = [&](const char* file, const Json& json) {
    return WriteFileAtomically(folder / file, json.Dump() + "\n");
  };
  RETURN_IF_ERROR(write("cache/crop_rectangles.json", Json::Object(std::move(rectangles))));
  RETURN_IF_ERROR(
      write("cache/frame_metadata.json", Json::Object({{"start_frame", 0},
                                                       {"max_frames", -1},
                                                       {"processed_frames", rects.size()},
                                                       {"original_shape", Json::Array{facts.width, facts.height}},
                                                       {"frame_indices", std::move(indices)}})));
  RETURN_IF_ERROR(write("dataset_manifest.json", Json::Object({{"dataset_name", facts.name},
                                                               {"package_version", "2.0"},
                                                               {"videos", Videos(rects.size(), facts.full)}})));
  Json info = Json::Object({{"package_type", "mp4_video_package"},
                            {"package_version", "2.0"},
                            {"created_by", "lipstream " + std::string(Version())},
                            {"dataset_name", facts.name},
                            {"resting", facts.resting},
                            {"videos", Videos(rects.size(), facts.full)}});
  if (facts.has_generator) {
    const int side = facts.face.roi_px();
    Json::Array audio = {1};
    for (const int64_t dim : facts.audio_dims) audio.emplace_back(dim);
    info.Set("onnx", Json::Object({{"file", "checkpoint/model_best.onnx"},
                                   {"input_shapes", Json::Object({{"image", Json::Array{1, 6, side, side}},
                                                                  {"audio", std::move(audio)}})}}));
  }
  return write("package_info.json", info);
}

}  // namespace lips
