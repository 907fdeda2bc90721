#include "avatar/pack_facts.h"

#include <algorithm>
#include <cstring>

#include "avatar/crop_rects.h"
#include "avatar/manifest.h"

namespace lips {
namespace {

constexpr int64_t kMaxSidePx = 1 << 16;
constexpr int64_t kMaxFrames = 1'000'000;

constexpr AvatarLayout kLayouts[] = {AvatarLayout::kPackage2, AvatarLayout::kTest, AvatarLayout::kFlattenedOnnx,
                                     AvatarLayout::kTrainingTree, AvatarLayout::kOld};

Error Wrong(std::string_view member) {
  return Error(ErrorCode::kCorrupted, "the manifest's '" + std::string(member) + "' is missing or out of range");
}

// Members of one object; the first that is wrong is kept.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  std::string Text(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || !value->is_string()) Fail(key);
    return value == nullptr ? std::string() : value->as_string();
  }
  bool Flag(std::string_view key) {
    const Json* value = object_.Find(key);
    if (value == nullptr || !value->is_bool()) Fail(key);
    return value != nullptr && value->as_bool();
  }
  int64_t Number(std::string_view key, int64_t low, int64_t high) {
    const Json* value = object_.Find(key);
    if (value == nullptr || !value->is_int() || value->as_int() < low || value->as_int() > high) {
      Fail(key);
      return low;
    }
    return value->as_int();
  }
  int Int(std::string_view key, int64_t low, int64_t high) { return static_cast<int>(Number(key, low, high)); }
  // An object, or an empty one.
  const Json& Object(std::string_view key) {
    static const Json kNone = Json::Object();
    const Json* value = object_.Find(key);
    if (value != nullptr && value->is_object()) return *value;
    Fail(key);
    return kNone;
  }
  void Fail(std::string_view key) {
    if (status.ok()) status = Wrong(key);
  }
  Status status;

 private:
  const Json& object_;
};

Json Pictures(const std::string& section, bool is_video) {
  if (section.empty()) return {};
  return Json::Object({{"section", section}, {"video", is_video}});
}

Status ReadPictures(const Json& manifest, const char* role, std::string& section, bool& is_video) {
  const Json* value = manifest.Find(role);
  if (value == nullptr || value->is_null()) return {};
  Reader reader(*value);
  section = reader.Text("section");
  is_video = reader.Flag("video");
  if (section.empty()) reader.Fail(role);
  return reader.status;
}

Status ReadVideo(const Json& json, VideoInfo& video) {
  Reader reader(json);
  video.width = reader.Int("width", 1, kMaxSidePx);
  video.height = reader.Int("height", 1, kMaxSidePx);
  video.frames = reader.Number("frames", 1, kMaxFrames);
  video.fps.num = reader.Int("fps_num", 1, INT32_MAX);
  video.fps.den = reader.Int("fps_den", 1, INT32_MAX);
  video.format.matrix = reader.Flag("bt709") ? YuvMatrix::kBt709 : YuvMatrix::kBt601;
  video.format.range = reader.Flag("full_range") ? YuvRange::kFull : YuvRange::kLimited;
  if (const Json* alpha = json.Find("alpha")) video.alpha = alpha->as_bool();  // older packs say nothing of it
  const double fps = video.fps.AsDouble();
  if (!(fps >= 1 && fps <= 240)) reader.Fail("fps_num");
  return reader.status;
}

Status ReadInputs(const Json& json, PackFacts& facts) {
  Reader reader(json);
  facts.inputs.usable = reader.Flag("usable");
  facts.inputs.has_crop = reader.Flag("has_crop");
  facts.inputs.why_not = reader.Text("why_not");
  facts.inputs.face = FaceOfRoi(reader.Int("face_px", 0, kMaxSidePx));
  facts.generator_face_px = reader.Int("generator_face_px", 0, kMaxSidePx);
  if (facts.inputs.usable && (!facts.inputs.face || facts.roi.empty() || facts.masked.empty())) reader.Fail("usable");
  if (facts.inputs.has_crop && facts.crop.empty()) reader.Fail("has_crop");
  const Json* mask = json.Find("mask");
  if (mask == nullptr || mask->is_null()) return reader.status;
  Reader numbers(*mask);
  Rect rect;
  const int side = facts.inputs.face ? facts.inputs.face->roi_px() : 0;
  rect.x = numbers.Int("x", 0, side);
  rect.y = numbers.Int("y", 0, side);
  rect.width = numbers.Int("width", 0, side - rect.x);
  rect.height = numbers.Int("height", 0, side - rect.y);
  facts.mask = rect;
  return reader.status.ok() ? numbers.status : reader.status;
}

Status ReadOrigin(const Json& json, PackOrigin& origin) {
  Reader reader(json);
  origin.source = reader.Text("source");
  origin.version = reader.Text("lipstream");
  origin.date = reader.Text("date");
  origin.template_format = reader.Text("template_format");
  origin.template_level = reader.Int("template_level", 0, 3);
  origin.template_package_inputs = reader.Flag("template_package_inputs");
  const Json* smooth = json.Find("template_smooth_rects");  // packs of earlier versions do without
  origin.template_smooth_rects = smooth != nullptr && smooth->is_bool() && smooth->as_bool();
  origin.network_level = reader.Int("network_level", 0, 3);
  return reader.status;
}

}  // namespace

Json ToJson(const PackFacts& facts) {
  const VideoInfo& video = facts.video;
  Json mask;
  if (facts.mask) {
    mask = Json::Object(
        {{"x", facts.mask->x}, {"y", facts.mask->y}, {"width", facts.mask->width}, {"height", facts.mask->height}});
  }
  Json::Array warnings;
  for (const std::string& warning : facts.warnings) warnings.emplace_back(warning);
  return Json::Object({
      {"name", facts.name},
      {"layout", Name(facts.layout)},
      {"content_sha256", facts.content_sha256},
      {"video", Json::Object({{"width", video.width},
                              {"height", video.height},
                              {"frames", video.frames},
                              {"fps_num", video.fps.num},
                              {"fps_den", video.fps.den},
                              {"bt709", video.format.matrix == YuvMatrix::kBt709},
                              {"full_range", video.format.range == YuvRange::kFull},
                              {"alpha", video.alpha}})},
      {"rects_source", facts.rects_source},
      {"key", facts.key ? ToJson(*facts.key) : Json()},
      {"resting", facts.resting},
      {"full", Pictures(facts.full, facts.full_is_video)},
      {"crop", Pictures(facts.crop, facts.crop_is_video)},
      {"roi", Pictures(facts.roi, facts.roi_is_video)},
      {"masked", Pictures(facts.masked, facts.masked_is_video)},
      {"inputs", Json::Object({{"usable", facts.inputs.usable},
                               {"has_crop", facts.inputs.has_crop},
                               {"why_not", facts.inputs.why_not},
                               {"face_px", facts.inputs.face ? facts.inputs.face->roi_px() : 0},
                               {"generator_face_px", facts.generator_face_px},
                               {"mask", std::move(mask)}})},
      {"generator_sha256", facts.generator_sha256},
      {"audio_encoder_sha256", facts.encoder_sha256},
      {"warnings", std::move(warnings)},
      {"origin", Json::Object({{"source", facts.origin.source},
                               {"lipstream", facts.origin.version},
                               {"date", facts.origin.date},
                               {"template_format", facts.origin.template_format},
                               {"template_level", facts.origin.template_level},
                               {"template_package_inputs", facts.origin.template_package_inputs},
                               {"template_smooth_rects", facts.origin.template_smooth_rects},
                               {"network_level", facts.origin.network_level}})},
  });
}

Result<PackFacts> ParsePackFacts(std::string_view json) {
  ASSIGN_OR_RETURN(const Json manifest, ParseJson(json));
  if (!manifest.is_object()) return Error(ErrorCode::kCorrupted, "the manifest is no JSON object");
  PackFacts facts;
  Reader reader(manifest);
  facts.name = reader.Text("name");
  const std::string layout = reader.Text("layout");
  for (const AvatarLayout known : kLayouts) {
    if (layout == Name(known)) facts.layout = known;
  }
  facts.content_sha256 = reader.Text("content_sha256");
  facts.rects_source = reader.Text("rects_source");
  facts.generator_sha256 = reader.Text("generator_sha256");
  facts.encoder_sha256 = reader.Text("audio_encoder_sha256");
  const Json* warnings = manifest.Find("warnings");
  if (warnings == nullptr || !warnings->is_array()) reader.Fail("warnings");
  RETURN_IF_ERROR(reader.status);
  for (const Json& warning : warnings->array()) facts.warnings.push_back(warning.as_string());
  RETURN_IF_ERROR(ReadVideo(reader.Object("video"), facts.video));
  RETURN_IF_ERROR(ReadPictures(manifest, "full", facts.full, facts.full_is_video));
  RETURN_IF_ERROR(ReadPictures(manifest, "crop", facts.crop, facts.crop_is_video));
  RETURN_IF_ERROR(ReadPictures(manifest, "roi", facts.roi, facts.roi_is_video));
  RETURN_IF_ERROR(ReadPictures(manifest, "masked", facts.masked, facts.masked_is_video));
  if (facts.full.empty()) return Wrong("full");
  RETURN_IF_ERROR(ReadInputs(reader.Object("inputs"), facts));
  RETURN_IF_ERROR(ReadOrigin(reader.Object("origin"), facts.origin));
  if (const Json* key = manifest.Find("key"); key != nullptr && !key->is_null()) {
    ASSIGN_OR_RETURN(facts.key, KeyColourFromJson(*key));
  }
  if (const Json* resting = manifest.Find("resting")) facts.resting = resting->as_bool();
  return facts;
}

std::vector<uint8_t> EncodePackRects(std::span<const Rect> rects) {
  std::vector<uint8_t> bytes(rects.size() * 16);
  uint8_t* at = bytes.data();
  for (const Rect& rect : rects) {
    const int32_t numbers[] = {rect.x, rect.y, rect.width, rect.height};
    std::memcpy(at, numbers, sizeof(numbers));
    at += sizeof(numbers);
  }
  return bytes;
}

Result<std::vector<Rect>> ParsePackRects(std::span<const uint8_t> bytes, int64_t frames) {
  if (static_cast<int64_t>(bytes.size()) != frames * 16) {
    return Error(ErrorCode::kCorrupted, std::to_string(bytes.size()) +
                                            " bytes of rectangles; expected 16 for each of " + std::to_string(frames) +
                                            " frames");
  }
  std::vector<Rect> rects;
  rects.reserve(bytes.size() / 16);
  for (size_t at = 0; at < bytes.size(); at += 16) {
    int32_t numbers[4];
    std::memcpy(numbers, bytes.data() + at, sizeof(numbers));
    const double x = numbers[0];
    const double y = numbers[1];
    const bool no_face = std::ranges::all_of(numbers, [](int32_t number) { return number == 0; });
    auto rect = no_face ? Result<Rect>(Rect{}) : RectFromCorners(x, y, x + numbers[2], y + numbers[3]);
    if (!rect.ok()) return std::move(rect).TakeError().Within("frame " + std::to_string(at / 16));
    rects.push_back(rect.value());
  }
  return rects;
}

}  // namespace lips
