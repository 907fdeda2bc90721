#include "demo/package_json.h"

#include "base/json.h"

namespace lips::demo {
namespace {

Status WriteJson(const Path& path, const Json& json) { return WriteFileAtomically(path, json.Dump(true) + "\n"); }

// Written as text: members of a JSON object are looked for when they are set, which is slow for 10^5 of them.
std::string RectanglesText(std::span<const Rect> rects) {
  std::string text = "{";
  for (size_t i = 0; i < rects.size(); ++i) {
    const Rect& r = rects[i];
    text += (i == 0 ? "\n\"" : ",\n\"") + std::to_string(i) + "\": {\"rect\": [" + std::to_string(r.x) + ", " +
            std::to_string(r.y) + ", " + std::to_string(r.right()) + ", " + std::to_string(r.bottom()) + "]}";
  }
  return text + "\n}\n";
}

}  // namespace

Status WritePackageJson(const Path& folder, const PackageFacts& facts, std::span<const Rect> rects) {
  RETURN_IF_ERROR(MakeFolder(folder / "cache"));
  RETURN_IF_ERROR(WriteFileAtomically(folder / "cache/crop_rectangles.json", RectanglesText(rects)));
  RETURN_IF_ERROR(WriteJson(
      folder / "cache/frame_metadata.json",
      Json::Object({{"processed_frames", rects.size()}, {"original_shape", Json::Array{facts.width, facts.height}}})));
  const Json full = Json::Object({{"video_file", "full_body_video.mp4"}, {"frame_count", rects.size()}, {"fps", 25}});
  Json info = Json::Object({{"package_type", "mp4_video_package"},
                            {"package_version", "2.0"},
                            {"dataset_name", facts.name},
                            {"person", "drawn by Lipstream; shows nobody"},
                            {"resting", facts.resting},
                            {"videos", Json::Object({{"full_body_img", full}})}});
  if (facts.has_generator)
    info.Set("onnx", Json::Object({{"file", "checkpoint/model_best.onnx"}, {"asr_mode", "ave"}}));
  return WriteFileAtomically(folder / "package_info.json", info.Dump() + "\n");
}

}  // namespace lips::demo
